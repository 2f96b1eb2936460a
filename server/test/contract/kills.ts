import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import { DataPlaneError } from '../../src/dataplane/contract/errors.ts';
import { IncusClient, type RequestOptions } from '../../src/dataplane/incus/client.ts';
import { instancePath } from '../../src/dataplane/incus/lookup.ts';
import { run } from '../../src/lib/run.ts';
import { REPEAT, sample } from '../seed.ts';
import { FIRST_LINE } from './outside.ts';
import { Pair } from './pair.ts';
import { snapshotOf } from './snapshot-verbs.ts';
import { type IncusSubject, patiently, specOf } from './subjects.ts';

/** The contract for verbs during which the daemon is killed. */
export function killsContract(open: () => Promise<IncusSubject>): void {
  describe('data plane incus: work that is cut off', { timeout: 2_400_000 }, () => {
    const pair = new Pair();
    before(async () => pair.open(await open()));
    after(() => pair.close());

    testStop(pair);
    testCreation(pair);
    testSnapshot(pair);
    testRestore(pair);
  });
}

/** Stops while Incus starts what it calls stopped. */
function testStop(pair: Pair): void {
  let incus: IncusClient;
  before(() => {
    incus = new IncusClient({ socketPath: pair.subject.socketPath });
  });
  after(() => incus?.close());
  const stateOf = ({ ref }: InstanceSpec): [string, RequestOptions] => {
    const { path, query } = instancePath(pair.subject, ref);
    return [`${path}/state`, { query }];
  };

  it('stops an instance while Incus still carries out the start of a killed server', async () => {
    const { server, subject } = pair;
    await subject.plane.ensureStopped(server.ref, 0);
    const [state, options] = stateOf(server);
    const starting = await incus.start('PUT', state, { action: 'start', timeout: 60 }, options);
    await subject.plane.ensureStopped(server.ref, 0);
    await incus.wait(starting, options);
    assert.equal(await pair.powerOf(server), 'stopped');
    await patiently(() => subject.plane.ensureRunning(server.ref));
    await pair.ready(server);
  });

  it('stops instances that Incus is about to start, as after a power failure', async () => {
    const { server, service, subject } = pair;
    const both = [server, service];
    const pids = await Promise.all(both.map((spec) => incus.get<{ pid: number }>(...stateOf(spec))));
    subject.killDaemon();
    // Incus has not seen them end, so it starts them together with itself.
    for (const { pid } of pids) process.kill(pid, 'SIGKILL');
    await Promise.all(both.map(({ ref }) => patiently(() => subject.plane.ensureStopped(ref, 0))));
    await patiently(() => incus.get('/internal/ready'));
    assert.deepEqual(await Promise.all(both.map((spec) => pair.powerOf(spec))), ['stopped', 'stopped']);
    await Promise.all(both.map(({ ref }) => patiently(() => subject.plane.ensureRunning(ref))));
    await Promise.all(both.map((spec) => pair.ready(spec)));
  });
}

function testCreation(pair: Pair): void {
  it('creates an instance although the daemon is killed in the middle of it', async () => {
    const spec = specOf('killed', 41);
    const first = pair.subject.plane.ensureInstance(spec);
    pair.subject.killDaemon();
    await assert.rejects(first, (error: unknown) => error instanceof DataPlaneError && error.retryable);
    await patiently(() => pair.subject.plane.ensureInstance(spec));
    assert.equal(await pair.powerOf(spec), 'running');
    const { stdout } = await run('bash', ['-c', FIRST_LINE, 'line', pair.server.addresses.ipv4!, '22']);
    assert.match(stdout, /^SSH-/, 'the others run, and are reached');
  });
}

function testSnapshot(pair: Pair): void {
  it('makes a snapshot although the daemon is killed in the middle of it', async (context) => {
    const { plane } = pair.subject;
    for (const { spec, some } of moments(pair, context, [0, 40, 80, 160])) {
      for (const [index, milliseconds] of some.entries()) {
        const snapshot = snapshotOf(20 + index);
        await pair.subject.writeDisk(spec, `killed ${index}`);
        await killedAfter(pair, milliseconds, () => plane.ensureSnapshot(spec.ref, snapshot));
        assert.equal(await pair.powerOf(spec), 'running');
        const drill = pair.drillOf(spec, 'killed');
        await pair.ensure(drill, snapshot);
        await pair.ready(drill);
        assert.equal(await pair.subject.readDisk(drill), `killed ${index}`);
        await pair.remove(drill);
        await plane.removeSnapshot(snapshot);
      }
    }
  });
}

function testRestore(pair: Pair): void {
  it('brings an instance back although the daemon is killed in the middle of it', async (context) => {
    const { plane } = pair.subject;
    for (const { spec, some } of moments(pair, context, [0, 150, 300, 600])) {
      const snapshot = snapshotOf(30);
      await pair.subject.writeDisk(spec, 'kept');
      await plane.ensureSnapshot(spec.ref, snapshot);
      for (const [index, milliseconds] of some.entries()) {
        await pair.subject.writeDisk(spec, 'lost');
        const again = { ...spec, generation: 10 + index };
        await killedAfter(pair, milliseconds, () => pair.ensure(again, snapshot));
        await pair.ready(spec);
        assert.equal(await pair.subject.readDisk(spec), 'kept');
      }
      await killedAfter(pair, 20, () => plane.removeSnapshot(snapshot));
      assert.equal(await plane.describeSnapshot(snapshot), null);
    }
  });
}

/** Sampled times of the kill for each instance, in milliseconds; all of them in an exhaustive run. */
function moments({ server, service }: Pair, context: TestContext, all: readonly number[]) {
  const some = sample(all, 1);
  context.diagnostic(`killed after ${some.join(', ')} ms; ${REPEAT}`);
  return [server, service].map((spec) => ({ spec, some }));
}

/** Starts the verb, kills the daemon after this many milliseconds, and repeats the verb until it succeeds. */
async function killedAfter(
  { subject }: Pair,
  milliseconds: number,
  verb: () => Promise<void>,
): Promise<void> {
  await patiently(() => subject.plane.describe().then(() => undefined));
  const first = verb().then(
    () => 'done',
    (error: unknown) => {
      assert.ok(error instanceof DataPlaneError && error.retryable, String(error));
    },
  );
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  subject.killDaemon();
  await first;
  await patiently(verb);
}
