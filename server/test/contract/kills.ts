import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import { DataPlaneError } from '../../src/dataplane/contract/errors.ts';
import type { SnapshotRef } from '../../src/dataplane/contract/refs.ts';
import { run } from '../../src/lib/run.ts';
import { REPEAT, sample } from '../seed.ts';
import { dataMount, removeWithVolume } from '../volumes.ts';
import { openTo } from './firewalls.ts';
import { FIRST_LINE } from './outside.ts';
import { NOWHERE, snapshotOf } from './snapshot-verbs.ts';
import { ensureWhole, type IncusSubject, networkOf, patiently, renamed, specOf, TEAMS } from './subjects.ts';
import { settingsFile } from './test-service.ts';

/** The contract for verbs during which the daemon is killed. */
export function killsContract(open: () => Promise<IncusSubject>): void {
  describe('data plane incus: work that is cut off', { timeout: 2_400_000 }, () => {
    let subject: IncusSubject;
    let server: InstanceSpec;
    let service: InstanceSpec;

    const ready = ({ ref, volumes }: InstanceSpec) =>
      volumes.length > 0 ? subject.plane.waitForService(ref, 300) : subject.plane.waitForSsh(ref, 300);
    const drillOf = (spec: InstanceSpec, name: string): InstanceSpec => ({
      ...renamed(spec, `drill-contract-${name}`),
      addresses: NOWHERE,
    });
    const ensure = (spec: InstanceSpec, from?: SnapshotRef) =>
      ensureWhole(subject.plane, spec, { volumeGb: 3, ...(from ? { from } : {}) });
    const remove = ({ ref }: InstanceSpec) => removeWithVolume(subject.plane, ref);
    const powerOf = async ({ ref }: InstanceSpec) => (await subject.plane.describeInstance(ref))?.power;
    /** Starts the verb, kills the daemon after this many milliseconds, and repeats the verb until it succeeds. */
    const killedAfter = async (milliseconds: number, verb: () => Promise<void>): Promise<void> => {
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
    };

    before(async () => {
      subject = await open();
      await subject.clear();
      await subject.plane.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
      await subject.plane.ensureImage('debian-12');
      server = specOf('server', 91);
      service = specOf('service', 92, {
        image: await subject.ensureServiceImage(),
        userData: null,
        files: [await settingsFile('first')],
      });
      service = { ...service, volumes: [dataMount(service.ref)] };
      await subject.plane.ensureFirewalls(TEAMS.one, openTo(server, service));
      await Promise.all(
        [server, service].map(async (spec) => {
          await ensure(spec);
          await ready(spec);
        }),
      );
    });
    after(async () => {
      await subject?.clear();
      await subject?.close();
    });

    it('creates an instance although the daemon is killed in the middle of it', async () => {
      const spec = specOf('killed', 41);
      const first = subject.plane.ensureInstance(spec);
      subject.killDaemon();
      await assert.rejects(first, (error: unknown) => error instanceof DataPlaneError && error.retryable);
      await patiently(() => subject.plane.ensureInstance(spec));
      assert.equal(await powerOf(spec), 'running');
      const { stdout } = await run('bash', ['-c', FIRST_LINE, 'line', server.addresses.ipv4!, '22']);
      assert.match(stdout, /^SSH-/, 'the others run, and are reached');
    });

    /** Sampled times of the kill for each instance, in milliseconds; all of them in an exhaustive run. */
    const moments = (context: TestContext, all: readonly number[]) => {
      const some = sample(all, 1);
      context.diagnostic(`killed after ${some.join(', ')} ms; ${REPEAT}`);
      return [server, service].map((spec) => ({ spec, some }));
    };

    it('makes a snapshot although the daemon is killed in the middle of it', async (context) => {
      const { plane } = subject;
      for (const { spec, some } of moments(context, [0, 40, 80, 160])) {
        for (const [index, milliseconds] of some.entries()) {
          const snapshot = snapshotOf(20 + index);
          await subject.writeDisk(spec, `killed ${index}`);
          await killedAfter(milliseconds, () => plane.ensureSnapshot(spec.ref, snapshot));
          assert.equal(await powerOf(spec), 'running');
          const drill = drillOf(spec, 'killed');
          await ensure(drill, snapshot);
          await ready(drill);
          assert.equal(await subject.readDisk(drill), `killed ${index}`);
          await remove(drill);
          await plane.removeSnapshot(snapshot);
        }
      }
    });

    it('brings an instance back although the daemon is killed in the middle of it', async (context) => {
      const { plane } = subject;
      for (const { spec, some } of moments(context, [0, 150, 300, 600])) {
        const snapshot = snapshotOf(30);
        await subject.writeDisk(spec, 'kept');
        await plane.ensureSnapshot(spec.ref, snapshot);
        for (const [index, milliseconds] of some.entries()) {
          await subject.writeDisk(spec, 'lost');
          const again = { ...spec, generation: 10 + index };
          await killedAfter(milliseconds, () => ensure(again, snapshot));
          await ready(spec);
          assert.equal(await subject.readDisk(spec), 'kept');
        }
        await killedAfter(20, () => plane.removeSnapshot(snapshot));
        assert.equal(await plane.describeSnapshot(snapshot), null);
      }
    });
  });
}
