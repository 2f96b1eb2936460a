import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { run } from '../../../src/lib/run.ts';
import { newDatabase } from '../../client.ts';
import { SILENCE } from '../../contract/outside.ts';
import { findInconsistencies } from '../../faults.ts';
import { waitFor } from '../../harness.ts';
import { PING, PublishedVps, SOON, SSH, WEB } from '../published-vps.ts';

/** Sets firewalls of real servers and databases through the API, and observes them from another host. */
describe('firewalls on Incus', { timeout: 3_600_000 }, () => {
  let vps: PublishedVps;

  before(async () => {
    vps = await PublishedVps.open();
  });
  after(() => vps?.close());

  it('lets SSH reach a new server, and nothing else', async () => {
    assert.ok(await vps.answers(22));
    assert.ok(await vps.isSilent(8080));
    const asked = `bash -c 'exec 3<>/dev/tcp/localhost/8080; head -n1 <&3'`;
    await waitFor('the greeter', async () => (await vps.ssh(asked)) === 'hello', SOON);
  });

  it('opens and closes a port while the server runs', async () => {
    await vps.setRules([SSH, PING, WEB]);
    await vps.opens(8080);
    await vps.setRules([SSH, PING, { ...WEB, action: 'deny', source_ips: ['198.51.100.0/24'] }, WEB]);
    await vps.closes(8080);
    await vps.setRules([SSH, PING]);
    assert.equal((await vps.call('GET', `/firewalls/${vps.firewall}`)).body.firewall.default_action, 'deny');
  });

  it('ends the session of whoever is shut out, and of nobody else', async () => {
    await vps.setRules([SSH]);
    const shutOut = new Session(vps.outside.command(['ssh', ...vps.sshArgs(TICK)]));
    const staying = new Session(['ssh', ...vps.sshArgs(TICK)]);
    try {
      await Promise.all(
        [shutOut, staying].map((session) => waitFor('ticks', async () => session.ticks > 2, SOON)),
      );
      await vps.setRules([
        { ...SSH, action: 'deny', source_ips: ['198.51.100.0/24'], order: 1 },
        { ...SSH, order: 2 },
      ]);
      await waitFor('silence', () => isSilentBeside(shutOut, staying), SOON);
    } finally {
      await Promise.all([shutOut.end(), staying.end()]);
      await vps.setRules([SSH, PING]);
    }
  });

  it('tries a draft, and takes back what nobody confirms', async () => {
    await vps.opens(22);
    await vps.setRules([], { status: 'draft' });
    const tried = await vps.call('POST', `/firewalls/${vps.firewall}/test`, {
      source: vps.outside.farAddress,
      destination: vps.ipv4,
      protocol: 'tcp',
      port: 22,
    });
    assert.equal(tried.body.verdict, 'deny', JSON.stringify(tried.body));
    assert.ok(await vps.answers(22), 'a draft took effect');
    await vps.call('POST', `/firewalls/${vps.firewall}/deploy`, { confirm_within: 20 });
    await vps.closes(22);
    await vps.opens(22);
    // The rules that were tried are still there, so that the customer can correct them.
    const show = async () => (await vps.call('GET', `/firewalls/${vps.firewall}`)).body.firewall;
    await waitFor('the draft', async () => (await show()).status === 'draft', SOON);
    const { error, rules } = await show();
    assert.deepEqual([error.code, rules], ['not_confirmed', []]);
  });

  it('shuts a database off from outside until it is published and a rule lets in', async () => {
    const created = await vps.call('POST', '/database', newDatabase({ version: null }));
    const { id } = created.body.instance;
    await vps.settled('database', id, 'running');
    const { host, port } = (await vps.call('GET', `/database/${id}/credentials`)).body;
    const opens = async (
      address: string,
      at: number,
      from: (command: string[]) => string[],
      seconds = 60,
    ) => {
      const [program = '', ...args] = from([
        'timeout',
        String(seconds),
        'bash',
        '-c',
        `exec 3<>/dev/tcp/${address}/${at}`,
      ]);
      return (await run(program, args, { allow: 'any' })).status === 0;
    };
    assert.ok(await opens(host, port, (command) => command), 'the host itself');
    assert.ok(!(await opens(host, port, vps.outside.command, SILENCE)), 'another host');
    const fromNeighbour = (command: string[]) => [
      'ssh',
      ...vps.sshArgs(command.map((word) => `'${word}'`).join(' ')),
    ];
    assert.ok(await opens(host, port, fromNeighbour), 'a server of the team');

    await vps.call('POST', `/database/${id}/dns`);
    await vps.settled('database', id, 'running');
    const { instance } = (await vps.call('GET', `/database/${id}`)).body;
    const [publicHost, publicPort] = [instance.connection_host, instance.connection_port];
    const fromOutside = () => opens(publicHost, publicPort, vps.outside.command, SILENCE);
    assert.ok(!(await fromOutside()), 'published, without a rule');
    const firewall = await vps.firewallOf(id);
    const { rules } = (await vps.call('GET', `/firewalls/${firewall}`)).body.firewall;
    const rule = { direction: 'inbound', protocol: 'tcp', port, source_ips: [vps.outside.farAddress] };
    await vps.call('PUT', `/firewalls/${firewall}`, { rules: [...rules, rule] });
    await waitFor('the database', fromOutside, SOON);
    await vps.call('POST', `/database/${id}/force-stop`);
    await vps.settled('database', id, 'stopped');
    await vps.call('DELETE', `/database/${id}`);
    await waitFor('404', async () => (await vps.call('GET', `/database/${id}`)).status === 404);
    assert.equal((await vps.call('GET', `/firewalls/${firewall}`)).status, 404);
    assert.deepEqual(await findInconsistencies(vps.test.database, vps.plane), []);
  });
});

const TICK = 'while echo tick; do sleep 0.2; done';

/** A session that keeps printing lines. */
class Session {
  ticks = 0;
  readonly #child: ChildProcess;

  constructor([program = '', ...args]: string[]) {
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    createInterface({ input: this.#child.stdout! }).on('line', () => {
      this.ticks += 1;
    });
  }

  async end(): Promise<void> {
    const running = this.#child.exitCode === null && this.#child.signalCode === null;
    this.#child.kill('SIGKILL');
    if (running) await once(this.#child, 'exit');
  }
}

/** Whether one session prints nothing while another, which must continue, prints several lines. */
async function isSilentBeside(session: Session, other: Session): Promise<boolean> {
  const [before, then] = [session.ticks, other.ticks];
  await waitFor('the other session to go on', async () => other.ticks > then + 10, SOON);
  return session.ticks === before;
}
