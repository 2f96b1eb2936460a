import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataPlane } from '../../src/dataplane/contract/data-plane.ts';
import { createLog } from '../../src/lib/log.ts';
import { run } from '../../src/lib/run.ts';
import { type Call, newDatabase, newVps } from '../client.ts';
import { type Outside, openOutside } from '../contract/outside.ts';
import { type Crashable, createCrashable, findInconsistencies } from '../faults.ts';
import { waitFor } from '../harness.ts';
import { createTestIncus, fromTestRun, incusEnvironment } from '../incus.ts';
import type { ServerProcess } from '../processes.ts';
import { killIncus } from './kill-incus.ts';

/** Seconds; the first instance of each image waits until it is built. */
const PATIENCE = 1200;
/** Seconds within which a change must show. It takes one; the rest is for a busy machine. */
const SOON = 30;
/** Milliseconds in which a session that lives says something several times. */
const SILENCE = 3_000;

const WEB = { direction: 'inbound', protocol: 'tcp', port: 8080 };
const SSH = { direction: 'inbound', protocol: 'tcp', port: 22 };
const PING = { direction: 'inbound', protocol: 'icmp' };

/** Firewalls of real servers and databases, asked for through the API, felt by another host. */
describe('firewalls on Incus', { timeout: 3_600_000 }, () => {
  let test: Crashable;
  let server: ServerProcess;
  let plane: DataPlane;
  let call: Call;
  let outside: Outside;
  let folder: string;
  let vps: { id: string; ipv4: string; firewall: string };

  before(async () => {
    plane = createTestIncus(createLog('silent'));
    outside = await openOutside(fromTestRun('DANUBE_TEST_INSTALL_ID'));
    const environment = {
      DANUBE_ENGINE: 'incus',
      ...incusEnvironment(),
      DANUBE_PUBLIC_ADDRESS: outside.address,
    };
    test = await createCrashable({ environment });
    server = await test.start();
    call = test.client(server);
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-firewalls-'));
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'key')]);
    const { stdout } = await run('cat', [path.join(folder, 'key.pub')]);
    const key = await call('POST', '/ssh-keys', { name: 'key', public_key: stdout.trim() });
    vps = await createVps({
      name: 'web',
      auth_method: 'ssh_key',
      ssh_key_id: key.body.key.id,
      password: undefined,
    });
    // A service that greets.
    await ssh('cat > greeter.py; nohup python3 greeter.py > /dev/null 2>&1 < /dev/null &', GREETER);
  });
  after(async () => {
    await test?.close();
    await outside?.close();
    for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
    await plane.removeTenant(test.team.teamId);
    await plane.close();
    await rm(folder, { recursive: true });
  });

  const settled = (kind: string, id: string, status: string) =>
    waitFor(
      `the ${kind} to be ${status}`,
      async () => {
        const { instance } = (await call('GET', `/${kind}/${id}`)).body;
        assert.notEqual(instance.status, 'error', JSON.stringify(instance.status_details));
        return instance.status === status;
      },
      PATIENCE,
    );

  async function createVps(changes: Record<string, unknown>) {
    const created = await call('POST', '/vps', newVps(changes));
    assert.equal(created.status, 201, JSON.stringify(created.body));
    assert.equal(created.body.firewall_created, true);
    const { id, public_ip } = created.body.instance;
    await settled('vps', id, 'running');
    return { id, ipv4: public_ip as string, firewall: await firewallOf(id) };
  }

  async function firewallOf(instance: string): Promise<string> {
    const { data } = (await call('GET', '/firewalls?per_page=100')).body;
    return data.find(({ attached_instances }: { attached_instances: { id: string }[] }) =>
      attached_instances.some(({ id }) => id === instance),
    ).id;
  }

  const sshArgs = (command: string): string[] => [
    ...['-i', path.join(folder, 'key')],
    ...[
      'BatchMode=yes',
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
    ].flatMap((option) => ['-o', option]),
    ...['-o', 'ConnectTimeout=10', `root@${vps.ipv4}`, command],
  ];
  const ssh = async (command: string, input = ''): Promise<string> =>
    (await run('ssh', sshArgs(command), { input, timeoutSeconds: 60 })).stdout.trim();

  async function setRules(rules: object[], more: object = {}): Promise<void> {
    const answer = await call('PUT', `/firewalls/${vps.firewall}`, { rules, ...more });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }

  const reaches = async (address: string, port: number) => (await outside.lineFrom(address, port)) !== null;
  const becomesReachable = (port: number) =>
    waitFor(`port ${port} to open`, () => reaches(vps.ipv4, port), SOON);
  const becomesUnreachable = (port: number) =>
    waitFor(`port ${port} to close`, async () => !(await reaches(vps.ipv4, port)), SOON);

  it('lets SSH reach a new server, and nothing else', async () => {
    assert.ok(await reaches(vps.ipv4, 22));
    assert.ok(!(await reaches(vps.ipv4, 8080)));
    const asked = `bash -c 'exec 3<>/dev/tcp/localhost/8080; head -n1 <&3'`;
    await waitFor('the greeter', async () => (await ssh(asked)) === 'hello', SOON);
  });

  it('opens and closes a port while the server runs', async () => {
    await setRules([SSH, PING, WEB]);
    await becomesReachable(8080);
    await setRules([SSH, PING, { ...WEB, action: 'deny', source_ips: ['198.51.100.0/24'] }, WEB]);
    await becomesUnreachable(8080);
    await setRules([SSH, PING]);
    assert.equal((await call('GET', `/firewalls/${vps.firewall}`)).body.firewall.default_action, 'deny');
  });

  it('ends the session of whoever is shut out, and of nobody else', async () => {
    await setRules([SSH]);
    const shutOut = new Session(outside.command(['ssh', ...sshArgs(TICK)]));
    const staying = new Session(['ssh', ...sshArgs(TICK)]);
    try {
      await Promise.all(
        [shutOut, staying].map((session) => waitFor('ticks', async () => session.ticks > 2, SOON)),
      );
      await setRules([
        { ...SSH, action: 'deny', source_ips: ['198.51.100.0/24'], order: 1 },
        { ...SSH, order: 2 },
      ]);
      await waitFor('silence', () => shutOut.isSilent(), SOON);
      assert.ok(!(await staying.isSilent()), 'a session that is allowed was cut');
    } finally {
      await Promise.all([shutOut.end(), staying.end()]);
      await setRules([SSH, PING]);
    }
  });

  it('tries a draft, and takes back what nobody confirms', async () => {
    await becomesReachable(22);
    await setRules([], { status: 'draft' });
    const tried = await call('POST', `/firewalls/${vps.firewall}/test`, {
      source: outside.farAddress,
      destination: vps.ipv4,
      protocol: 'tcp',
      port: 22,
    });
    assert.equal(tried.body.verdict, 'deny', JSON.stringify(tried.body));
    assert.ok(await reaches(vps.ipv4, 22), 'a draft took effect');
    await call('POST', `/firewalls/${vps.firewall}/deploy`, { confirm_within: 5 });
    await becomesUnreachable(22);
    await becomesReachable(22);
    // What was tried is still there to be mended.
    const show = async () => (await call('GET', `/firewalls/${vps.firewall}`)).body.firewall;
    await waitFor('the draft', async () => (await show()).status === 'draft', SOON);
    const { error, rules } = await show();
    assert.deepEqual([error.code, rules], ['not_confirmed', []]);
  });

  it('holds over a kill of Incus and of the control plane', async () => {
    await setRules([SSH, PING, WEB]);
    await becomesReachable(8080);
    await killIncus();
    await waitFor('Incus', async () => (await call('GET', '/health')).body.status === 'ok', 120);
    assert.ok(await reaches(vps.ipv4, 8080));
    assert.ok(!(await reaches(vps.ipv4, 8081)));
    await call('PUT', `/firewalls/${vps.firewall}`, { rules: [SSH, PING] });
    server.child.kill('SIGKILL');
    await server.ended;
    server = await test.start();
    call = test.client(server);
    await becomesUnreachable(8080);
    assert.ok(await reaches(vps.ipv4, 22));
  });

  it('shuts a database off from outside until it is published and a rule lets in', async () => {
    const created = await call('POST', '/database', newDatabase({ version: null }));
    const { id } = created.body.instance;
    await settled('database', id, 'running');
    const { host, port } = (await call('GET', `/database/${id}/credentials`)).body;
    const opens = async (address: string, at: number, from: (command: string[]) => string[]) => {
      const [program = '', ...args] = from([
        'timeout',
        '3',
        'bash',
        '-c',
        `exec 3<>/dev/tcp/${address}/${at}`,
      ]);
      return (await run(program, args, { allow: 'any' })).status === 0;
    };
    assert.ok(await opens(host, port, (command) => command), 'the host itself');
    assert.ok(!(await opens(host, port, outside.command)), 'another host');
    const fromNeighbour = (command: string[]) => [
      'ssh',
      ...sshArgs(command.map((word) => `'${word}'`).join(' ')),
    ];
    assert.ok(await opens(host, port, fromNeighbour), 'a server of the team');

    await call('POST', `/database/${id}/dns`);
    await settled('database', id, 'running');
    const { instance } = (await call('GET', `/database/${id}`)).body;
    const [publicHost, publicPort] = [instance.connection_host, instance.connection_port];
    assert.ok(!(await opens(publicHost, publicPort, outside.command)), 'published, without a rule');
    const firewall = await firewallOf(id);
    const { rules } = (await call('GET', `/firewalls/${firewall}`)).body.firewall;
    const rule = { direction: 'inbound', protocol: 'tcp', port, source_ips: [outside.farAddress] };
    await call('PUT', `/firewalls/${firewall}`, { rules: [...rules, rule] });
    await waitFor('the database', () => opens(publicHost, publicPort, outside.command), SOON);
    await call('POST', `/database/${id}/force-stop`);
    await settled('database', id, 'stopped');
    await call('DELETE', `/database/${id}`);
    await waitFor('404', async () => (await call('GET', `/database/${id}`)).status === 404, 120);
    assert.equal((await call('GET', `/firewalls/${firewall}`)).status, 404);
    assert.deepEqual(await findInconsistencies(test.database, plane), []);
  });
});

/** Says hello to whoever connects to port 8080. */
const GREETER = `
import socketserver
class Greeter(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b'hello\\n')
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(('', 8080), Greeter).serve_forever()
`;

const TICK = 'while echo tick; do sleep 0.2; done';

/** A session that says something all the time. */
class Session {
  ticks = 0;
  readonly #child: ChildProcess;

  constructor([program = '', ...args]: string[]) {
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    createInterface({ input: this.#child.stdout! }).on('line', () => {
      this.ticks += 1;
    });
  }

  /** Whether nothing comes for a while. */
  async isSilent(): Promise<boolean> {
    const before = this.ticks;
    await delay(SILENCE);
    return this.ticks === before;
  }

  async end(): Promise<void> {
    const running = this.#child.exitCode === null && this.#child.signalCode === null;
    this.#child.kill('SIGKILL');
    if (running) await once(this.#child, 'exit');
  }
}
