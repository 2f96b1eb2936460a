import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import type { SnapshotRef } from '../../src/dataplane/contract/refs.ts';
import { dataMount, removeWithVolume } from '../volumes.ts';
import { ensureWhole, networkOf, patiently, renamed, type Subject, specOf, TEAMS } from './subjects.ts';
import { settingsFile } from './test-service.ts';
import { refuses } from './verbs.ts';

/** The addresses of an instance without network. */
export const NOWHERE = { ipv4: null, ipv6: null };

/** The snapshot reference for this number. */
export const snapshotOf = (number: number): SnapshotRef => ({
  teamId: TEAMS.one,
  name: `snapshot-00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
});

/** What the tests share. */
interface World {
  kind: 'server' | 'service';
  subject: Subject;
  spec: InstanceSpec;
  clone: InstanceSpec;
}

const ready = ({ kind, subject }: World, { ref }: InstanceSpec) =>
  kind === 'server' ? subject.plane.waitForSsh(ref, 300) : subject.plane.waitForService(ref, 300);
const make = async (world: World, target: InstanceSpec, from?: SnapshotRef): Promise<void> => {
  await ensureWhole(world.subject.plane, target, from && { from });
  await ready(world, target);
};
const names = async ({ subject }: World) =>
  (await subject.plane.listSnapshots()).map((snapshot) => snapshot.name);

/** The contract for snapshots: of servers' root disks, and of services' volumes. */
export function snapshotVerbsContract(name: string, open: () => Promise<Subject>): void {
  for (const kind of ['server', 'service'] as const) {
    describe(`data plane ${name}: snapshots of a ${kind}`, { timeout: 2_400_000 }, () => {
      const world = { kind } as World;
      before(async () => {
        world.subject = await open();
        await prepare(world);
      });
      after(async () => {
        await world.subject?.clear();
        await world.subject?.close();
      });

      testCopies(world);
      testGenerations(world);
      testClones(world);
    });
  }
}

async function prepare(world: World): Promise<void> {
  const { kind, subject } = world;
  await subject.clear();
  await subject.plane.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
  await subject.plane.ensureImage('debian-12');
  world.spec = specOf('origin', 81, { limits: { vcpu: 1, memoryMb: 512, diskGb: 3 } });
  if (kind === 'service') {
    const image = await subject.ensureServiceImage();
    const volumes = [dataMount(world.spec.ref)];
    world.spec = { ...world.spec, image, userData: null, volumes, files: [await settingsFile('first')] };
  }
  world.clone = { ...renamed(world.spec, 'drill-contract-clone'), addresses: NOWHERE };
  await make(world, world.spec);
}

function testCopies(world: World): void {
  it('keeps the disk of an instance that runs, and leaves a snapshot as it is that is there', async () => {
    const { plane } = world.subject;
    await world.subject.writeDisk(world.spec, 'first');
    await plane.ensureSnapshot(world.spec.ref, snapshotOf(1));
    assert.equal((await plane.describeInstance(world.spec.ref))?.power, 'running');
    await world.subject.writeDisk(world.spec, 'second');
    await plane.ensureSnapshot(world.spec.ref, snapshotOf(1));
    const report = await patiently(() => plane.describeSnapshot(snapshotOf(1)));
    assert.deepEqual(report?.ref, snapshotOf(1));
    assert.ok(report.diskBytes >= 0);
    assert.equal(await world.subject.readDisk(world.spec), 'second');
  });

  it('keeps the disk of an instance that is stopped', async () => {
    const { plane } = world.subject;
    await plane.ensureStopped(world.spec.ref, 30);
    await plane.ensureSnapshot(world.spec.ref, snapshotOf(2));
    assert.equal((await plane.describeInstance(world.spec.ref))?.power, 'stopped');
    await plane.ensureRunning(world.spec.ref);
    await ready(world, world.spec);
  });

  it('lists snapshots apart from instances', async () => {
    const instances = (await world.subject.plane.listInstances()).map(({ ref }) => ref.name);
    assert.deepEqual(instances, [world.spec.ref.name]);
    assert.deepEqual((await names(world)).sort(), [snapshotOf(1).name, snapshotOf(2).name]);
    for (const { teamId } of await world.subject.plane.listSnapshots()) assert.equal(teamId, TEAMS.one);
  });
}

function testGenerations(world: World): void {
  it('gives a new generation the disk of a snapshot, once', async () => {
    const { plane } = world.subject;
    const again = { ...world.spec, generation: 2 };
    await make(world, again, snapshotOf(1));
    assert.equal(await world.subject.readDisk(world.spec), 'first');
    const { power, generation, addresses, limits } = (await plane.describeInstance(world.spec.ref)) ?? {};
    assert.deepEqual(
      [power, generation, addresses, limits],
      ['running', 2, world.spec.addresses, world.spec.limits],
    );
    await world.subject.writeDisk(world.spec, 'third');
    await make(world, again, snapshotOf(1));
    assert.equal(await world.subject.readDisk(world.spec), 'third');
    await make(world, { ...world.spec, generation: 3 }, snapshotOf(2));
    assert.equal(await world.subject.readDisk(world.spec), 'second');
    await refuses(ensureWhole(plane, again, { from: snapshotOf(1) }), 'invalid');
  });

  it('changes nothing where there is no such snapshot', async () => {
    const { plane } = world.subject;
    const missing = { from: snapshotOf(9) };
    await refuses(ensureWhole(plane, { ...world.spec, generation: 4 }, missing), 'not_found');
    await refuses(ensureWhole(plane, world.clone, missing), 'not_found');
    const { power, generation } = (await plane.describeInstance(world.spec.ref)) ?? {};
    assert.deepEqual([power, generation], ['running', 3]);
    assert.equal(await world.subject.readDisk(world.spec), 'second');
    assert.equal(await plane.describeInstance(world.clone.ref), null);
    assert.equal(await plane.describeSnapshot(snapshotOf(9)), null);
    await plane.removeSnapshot(snapshotOf(9));
    await refuses(plane.ensureSnapshot(world.clone.ref, snapshotOf(9)), 'not_found');
    assert.equal(await plane.describeSnapshot({ ...snapshotOf(1), teamId: TEAMS.two }), null);
  });
}

function testClones(world: World): void {
  it('clones into an instance without network, which outlives the original and its snapshots', async () => {
    const { plane } = world.subject;
    await make(world, world.clone, snapshotOf(1));
    const detail = await plane.describeInstance(world.clone.ref);
    assert.deepEqual([detail?.power, detail?.addresses], ['running', NOWHERE]);
    await removeWithVolume(plane, world.spec.ref);
    assert.ok(await patiently(() => plane.describeSnapshot(snapshotOf(1))), 'snapshots stay');
    for (const number of [1, 1, 2]) await plane.removeSnapshot(snapshotOf(number));
    assert.deepEqual(await names(world), []);
    assert.equal(await world.subject.readDisk(world.clone), 'first');
  });

  it('makes snapshots of a clone, and brings a lost instance back from one', async () => {
    const { plane } = world.subject;
    await world.subject.writeDisk(world.clone, 'of the clone');
    await plane.ensureSnapshot(world.clone.ref, snapshotOf(3));
    await removeWithVolume(plane, world.clone.ref);
    await make(world, { ...world.spec, generation: 4 }, snapshotOf(3));
    assert.equal(await world.subject.readDisk(world.spec), 'of the clone');
  });

  it('takes the snapshots of a tenant along', async () => {
    const { plane } = world.subject;
    await refuses(plane.removeTenant(TEAMS.one), 'invalid');
    assert.ok(await patiently(() => plane.describeSnapshot(snapshotOf(3))));
    await removeWithVolume(plane, world.spec.ref);
    await plane.removeTenant(TEAMS.one);
    assert.equal(await plane.describeSnapshot(snapshotOf(3)), null);
    assert.deepEqual(await names(world), []);
  });
}
