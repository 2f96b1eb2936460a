import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { InstanceRef } from '../../../src/dataplane/contract/refs.ts';
import { processLimit } from '../../../src/dataplane/incus/bounds.ts';
import { GUEST_OOM_SCORE } from '../../../src/host/components/container-defaults.ts';
import { FLOW_BOUNDS } from '../../../src/host/components/flow-bounds.ts';
import { run } from '../../../src/lib/run.ts';
import { type Call, newDatabase, newVps } from '../../client.ts';
import { type Outside, openOutside, SILENCE } from '../../contract/outside.ts';
import { createSshClient, type SshClient } from '../../contract/ssh-client.ts';
import { type IncusSubject, openIncus } from '../../contract/subjects.ts';
import { type Crashable, createCrashable } from '../../faults.ts';
import { createTeam, type TestTeam, waitFor } from '../../harness.ts';
import { fromTestRun, incusEnvironment } from '../../incus.ts';
import type { ServerProcess } from '../../processes.ts';
import { cgroupOf, readCgroup, startWatchdog, type Watchdog } from '../watchdog.ts';

/** Seconds; the first instance of each image waits until it is built. */
const PATIENCE = 1200;
const PORT = 7072;
/** A plan, and its memory. */
const [PLAN, MEMORY_MB] = ['pico_shared', 1024] as const;

const SILENT = `table inet silent {
  chain input {
    type filter hook input priority 0;
    tcp dport != ${PORT} tcp flags & (syn | ack) == syn drop
  }
}`;

/** Whether root here may raise limits that all instances share, and keep guests from lowering their OOM score. */
const mayRaise = /^CapEff:\t[0-9a-f]{9}[13579bdf]/m.test(readFileSync('/proc/self/status', 'utf8'));

/** What one team's server does must not keep others from what is theirs. */
describe('a hostile neighbour', { timeout: 2_400_000 }, () => {
  let test: Crashable;
  let server: ServerProcess;
  let subject: IncusSubject;
  let outside: Outside;
  let ssh: SshClient;
  let listener: ChildProcess;
  let watchdog: Watchdog;
  let other: TestTeam;
  let hostile: InstanceRef;
  let neighbour: InstanceRef;
  let theirs: Call;
  let database: string;

  before(async () => {
    subject = await openIncus();
    outside = await openOutside(fromTestRun('DANUBE_TEST_INSTALL_ID'));
    ssh = await createSshClient();
    test = await createCrashable({ environment: { DANUBE_ENGINE: 'incus', ...incusEnvironment() } });
    server = await test.start();
    other = await createTeam(test.database);
    theirs = test.client(server, other);
    const [first, second, third] = await Promise.all([
      create(test.client(server), 'vps', newVps({ name: 'hostile', resource_profile: PLAN })),
      create(theirs, 'vps', newVps({ name: 'neighbour', resource_profile: PLAN })),
      create(theirs, 'database', newDatabase({ version: '18' })),
    ]);
    hostile = await refOf(first);
    neighbour = await refOf(second);
    database = third;
    // Whoever asks there for another port gets no answer: the connection stays half open.
    const [nft = '', ...apply] = outside.command(['nft', '-f', '-']);
    await run(nft, apply, { input: SILENT });
    const tool = await readFile(path.join(import.meta.dirname, '..', 'hostile.py'));
    for (const ref of [hostile, neighbour]) {
      await subject.plane.ensureFiles(ref, [{ path: '/root/hostile.py', content: tool, mode: '0600' }]);
    }
    // Ends with the test, also with one that is killed.
    const script = `process.stdin.resume().once('end', () => process.exit());
      require('net').createServer((s) => s.end('hello\\n')).listen(${PORT}, () => console.log('up'))`;
    const [program = '', ...args] = outside.command([process.execPath, '-e', script]);
    listener = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((resolve) => listener.stdout!.once('data', resolve));
  });
  after(async () => {
    await watchdog?.end();
    listener?.kill('SIGKILL');
    await test?.close();
    const teams = [test?.team.teamId, other?.teamId];
    for (const { ref } of await subject.plane.listInstances()) await subject.plane.removeInstance(ref);
    for (const ref of await subject.plane.listVolumes()) await subject.plane.removeVolume(ref);
    for (const teamId of teams) if (teamId !== undefined) await subject.plane.removeTenant(teamId);
    ssh?.close();
    await outside?.close();
    await subject?.close();
  });

  /** Creates an instance, and resolves to its id once it runs. */
  async function create(call: Call, kind: 'vps' | 'database', body: object): Promise<string> {
    const created = await call('POST', `/${kind}`, body);
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const { id } = created.body.instance;
    await waitFor(
      `the ${kind} to run`,
      async () => {
        const { instance } = (await call('GET', `/${kind}/${id}`)).body;
        assert.notEqual(instance.status, 'error', JSON.stringify(instance.status_details));
        return instance.status === 'running';
      },
      PATIENCE,
    );
    return id;
  }

  async function refOf(id: string): Promise<InstanceRef> {
    const { rows } = await test.database.pool.query(
      'select i.team_id, m.id from instances i join members m on m.instance_id = i.id where i.id = $1',
      [id],
    );
    return { teamId: Number(rows[0].team_id), name: `vps-${rows[0].id}` };
  }

  const does = (ref: InstanceRef, ...args: string[]) =>
    subject.exec(ref, ['python3', '/root/hostile.py', ...args]);
  /** Lets it go on in the background; what it says is in /root/said. */
  const begins = (...args: string[]) =>
    subject.exec(hostile, [
      'sh',
      '-c',
      `setsid python3 /root/hostile.py ${args.join(' ')} >/root/said 2>&1 &`,
    ]);
  const ends = () => subject.exec(hostile, ['pkill', '-9', '-f', 'hostile.py']);

  /** Whether a guest gets an answer from the host outside. */
  async function connects(ref: InstanceRef, seconds: number): Promise<boolean> {
    const script = `exec 3<>/dev/tcp/${outside.farAddress}/${PORT} && read -r line <&3`;
    return (await subject.exec(ref, ['timeout', String(seconds), 'bash', '-c', script])).status === 0;
  }

  it('opens flows up to its bound, and others connect at once', async () => {
    const { ipv4 } = (await subject.plane.describeInstance(hostile))!.addresses;
    const flows = async (): Promise<number> => {
      const { stdout } = await run('conntrack', ['-L', '-p', 'tcp', '--orig-src', ipv4!]);
      return stdout.split('\n').filter(Boolean).length;
    };
    assert.ok(await connects(hostile, 60), 'before');
    await begins('flows', outside.farAddress);
    // Where others open flows too, its lists are not equally long.
    await waitFor('the bound', async () => (await flows()) > 0.95 * FLOW_BOUNDS.open, 300);
    await waitFor('a refusal', async () => !(await connects(hostile, SILENCE)), 60);
    assert.ok(await connects(neighbour, 60), 'another guest');
    const found = await flows();
    // Its one flow that ended does not count, and neither do those whose port it uses again.
    assert.ok(found <= FLOW_BOUNDS.open + FLOW_BOUNDS.perSecond, `${found} flows`);
    await ends();
  });

  const takes = { aio: 1, terminals: 1, ...(mayRaise ? { namespaces: 6, signals: 1 } : {}) };
  for (const [take, processes] of Object.entries(takes)) {
    it(`takes all ${take} that it gets, and leaves others theirs`, async () => {
      await begins('hold', take, String(processes));
      await waitFor(
        'it to end',
        async () => {
          const said = (await subject.exec(hostile, ['cat', '/root/said'])).stdout;
          return said.split('\n').length > processes;
        },
        300,
      );
      const { status, stderr } = await does(neighbour, 'one', take);
      assert.equal(status, 0, stderr);
      await ends();
    });
  }

  it('has processes that the kernel kills before those of the host, and cannot change that', async () => {
    const { stdout } = await subject.exec(hostile, ['cat', '/proc/1/oom_score_adj']);
    assert.equal(stdout.trim(), String(GUEST_OOM_SCORE));
    // By a process of its own, and not by one that the host runs in it.
    const lower = `echo ${mayRaise ? GUEST_OOM_SCORE - 1 : -1} >/proc/self/oom_score_adj`;
    const { status, stderr } = await subject.exec(hostile, [
      ...['systemd-run', '--wait', '--pipe', '--quiet', 'bash', '-c', lower],
    ]);
    assert.notEqual(status, 0);
    assert.match(stderr, /Permission denied/);
  });

  it('has less weight than the host where both want a processor', async () => {
    const weight = await readCgroup(cgroupOf(subject, hostile), ['cpu.weight', 'cpu.shares']);
    assert.match(weight, /^(10|102)$/);
  });

  it('has all processes and all memory, and nothing fails for others', async () => {
    const group = cgroupOf(subject, hostile);
    const processes = async () => Number(await readCgroup(group, ['pids.current']));
    const kills = async () =>
      Number(/oom_kill (\d+)/.exec(await readCgroup(group, ['memory.events', 'memory.oom_control']))![1]);
    const login = (await theirs('GET', `/database/${database}/credentials`)).body;
    const select = async (what: string) => {
      const args = ['-XAtq', login.connection_info, '-c', `select ${what}`];
      return (await run('psql', args, { timeoutSeconds: 120 })).stdout.trim();
    };
    const { ipv4 } = (await subject.plane.describeInstance(neighbour))!.addresses;

    const killed = await kills();
    const mark = `danube test ${hostile.name}`;
    await writeFile('/dev/kmsg', mark);
    watchdog = startWatchdog(group);
    for (const what of ['memory', 'disk', 'processors', 'bomb']) await begins(what);
    await waitFor('its processes', async () => (await processes()) > 0.9 * processLimit(MEMORY_MB), 60);
    await waitFor('its memory', async () => (await kills()) > killed, 60);

    const health = await theirs('GET', '/health');
    assert.equal(health.status, 200, JSON.stringify(health.body));
    assert.equal(await select('40 + 2'), '42');
    const { stdout, stderr } = await ssh.byPassword(ipv4!, newVps().password, 'hostname');
    assert.equal(stdout.trim(), 'neighbour', stderr);
    await create(theirs, 'vps', newVps({ name: 'later', resource_profile: PLAN }));
    assert.equal((await run('ls', ['/'])).status, 0);
    assert.equal(await select('1'), '1');
    // All of that while it went on. What fills the memory is killed again and again.
    assert.ok((await processes()) > 0.5 * processLimit(MEMORY_MB), 'its processes are there');
    assert.equal(await watchdog.end(), 'the test has ended');
    const log = (await run('dmesg', [])).stdout;
    assert.ok(log.includes(mark), 'the log of the kernel is whole');
    assert.ok(!log.slice(log.lastIndexOf(mark)).includes('Tasks state'), 'it lists no processes');
  });
});
