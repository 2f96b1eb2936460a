import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import type { SnapshotRef } from '../../src/dataplane/contract/refs.ts';
import { dataMount, removeWithVolume } from '../volumes.ts';
import { ensureWhole, networkOf, renamed, type Subject, specOf, TEAMS } from './subjects.ts';
import { settingsFile } from './test-service.ts';
import { refuses } from './verbs.ts';

/** The addresses of an instance without network. */
export const NOWHERE = { ipv4: null, ipv6: null };

/** The snapshot reference for this number. */
export const snapshotOf = (number: number): SnapshotRef => ({
  teamId: TEAMS.one,
  name: `snapshot-00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
});

/** The contract for snapshots: of servers' root disks, and of services' volumes. */
export function snapshotVerbsContract(name: string, open: () => Promise<Subject>): void {
  for (const kind of ['server', 'service'] as const) {
    describe(`data plane ${name}: snapshots of a ${kind}`, { timeout: 2_400_000 }, () => {
      let subject: Subject;
      let spec: InstanceSpec;
      let clone: InstanceSpec;

      const ready = ({ ref }: InstanceSpec) =>
        kind === 'server' ? subject.plane.waitForSsh(ref, 300) : subject.plane.waitForService(ref, 300);
      const make = async (target: InstanceSpec, from?: SnapshotRef): Promise<void> => {
        await ensureWhole(subject.plane, target, from && { from });
        await ready(target);
      };
      const names = async () => (await subject.plane.listSnapshots()).map((snapshot) => snapshot.name);

      before(async () => {
        subject = await open();
        await subject.clear();
        await subject.plane.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
        await subject.plane.ensureImage('debian-12');
        spec = specOf('origin', 81, { limits: { vcpu: 1, memoryMb: 512, diskGb: 3 } });
        if (kind === 'service') {
          const image = await subject.ensureServiceImage();
          const volumes = [dataMount(spec.ref)];
          spec = { ...spec, image, userData: null, volumes, files: [await settingsFile('first')] };
        }
        clone = { ...renamed(spec, 'drill-contract-clone'), addresses: NOWHERE };
        await make(spec);
      });
      after(async () => {
        await subject?.clear();
        await subject?.close();
      });

      it('keeps the disk of an instance that runs, and leaves a snapshot as it is that is there', async () => {
        const { plane } = subject;
        await subject.writeDisk(spec, 'first');
        await plane.ensureSnapshot(spec.ref, snapshotOf(1));
        assert.equal((await plane.describeInstance(spec.ref))?.power, 'running');
        await subject.writeDisk(spec, 'second');
        await plane.ensureSnapshot(spec.ref, snapshotOf(1));
        const report = await plane.describeSnapshot(snapshotOf(1));
        assert.deepEqual(report?.ref, snapshotOf(1));
        assert.ok(report.diskBytes >= 0);
        assert.equal(await subject.readDisk(spec), 'second');
      });

      it('keeps the disk of an instance that is stopped', async () => {
        const { plane } = subject;
        await plane.ensureStopped(spec.ref, 30);
        await plane.ensureSnapshot(spec.ref, snapshotOf(2));
        assert.equal((await plane.describeInstance(spec.ref))?.power, 'stopped');
        await plane.ensureRunning(spec.ref);
        await ready(spec);
      });

      it('lists snapshots apart from instances', async () => {
        const instances = (await subject.plane.listInstances()).map(({ ref }) => ref.name);
        assert.deepEqual(instances, [spec.ref.name]);
        assert.deepEqual((await names()).sort(), [snapshotOf(1).name, snapshotOf(2).name]);
        for (const { teamId } of await subject.plane.listSnapshots()) assert.equal(teamId, TEAMS.one);
      });

      it('gives a new generation the disk of a snapshot, once', async () => {
        const { plane } = subject;
        const again = { ...spec, generation: 2 };
        await make(again, snapshotOf(1));
        assert.equal(await subject.readDisk(spec), 'first');
        const { power, generation, addresses, limits } = (await plane.describeInstance(spec.ref)) ?? {};
        assert.deepEqual([power, generation, addresses, limits], ['running', 2, spec.addresses, spec.limits]);
        await subject.writeDisk(spec, 'third');
        await make(again, snapshotOf(1));
        assert.equal(await subject.readDisk(spec), 'third');
        await make({ ...spec, generation: 3 }, snapshotOf(2));
        assert.equal(await subject.readDisk(spec), 'second');
        await refuses(ensureWhole(plane, again, { from: snapshotOf(1) }), 'invalid');
      });

      it('changes nothing where there is no such snapshot', async () => {
        const { plane } = subject;
        const missing = { from: snapshotOf(9) };
        await refuses(ensureWhole(plane, { ...spec, generation: 4 }, missing), 'not_found');
        await refuses(ensureWhole(plane, clone, missing), 'not_found');
        const { power, generation } = (await plane.describeInstance(spec.ref)) ?? {};
        assert.deepEqual([power, generation], ['running', 3]);
        assert.equal(await subject.readDisk(spec), 'second');
        assert.equal(await plane.describeInstance(clone.ref), null);
        assert.equal(await plane.describeSnapshot(snapshotOf(9)), null);
        await plane.removeSnapshot(snapshotOf(9));
        await refuses(plane.ensureSnapshot(clone.ref, snapshotOf(9)), 'not_found');
        assert.equal(await plane.describeSnapshot({ ...snapshotOf(1), teamId: TEAMS.two }), null);
      });

      it('clones into an instance without network, which outlives the original and its snapshots', async () => {
        const { plane } = subject;
        await make(clone, snapshotOf(1));
        const detail = await plane.describeInstance(clone.ref);
        assert.deepEqual([detail?.power, detail?.addresses], ['running', NOWHERE]);
        await removeWithVolume(plane, spec.ref);
        assert.ok(await plane.describeSnapshot(snapshotOf(1)), 'snapshots stay');
        for (const number of [1, 1, 2]) await plane.removeSnapshot(snapshotOf(number));
        assert.deepEqual(await names(), []);
        assert.equal(await subject.readDisk(clone), 'first');
      });

      it('makes snapshots of a clone, and brings a lost instance back from one', async () => {
        const { plane } = subject;
        await subject.writeDisk(clone, 'of the clone');
        await plane.ensureSnapshot(clone.ref, snapshotOf(3));
        await removeWithVolume(plane, clone.ref);
        await make({ ...spec, generation: 4 }, snapshotOf(3));
        assert.equal(await subject.readDisk(spec), 'of the clone');
      });

      it('takes the snapshots of a tenant along', async () => {
        const { plane } = subject;
        await refuses(plane.removeTenant(TEAMS.one), 'invalid');
        assert.ok(await plane.describeSnapshot(snapshotOf(3)));
        await removeWithVolume(plane, spec.ref);
        await plane.removeTenant(TEAMS.one);
        assert.equal(await plane.describeSnapshot(snapshotOf(3)), null);
        assert.deepEqual(await names(), []);
      });
    });
  }
}
