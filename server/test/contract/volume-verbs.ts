import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import type { VolumeRef } from '../../src/dataplane/contract/refs.ts';
import { snapshotOf } from './snapshot-verbs.ts';
import { networkOf, type Subject, specOf, TEAMS } from './subjects.ts';
import { settingsFile } from './test-service.ts';
import { refuses } from './verbs.ts';

const volume = (number: number, teamId: number = TEAMS.one): VolumeRef => ({
  teamId,
  name: `volume-00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
});

/** What the tests share. */
interface World {
  subject: Subject;
  spec: InstanceSpec;
}

const gbOf = async ({ subject }: World, ref: VolumeRef) => (await subject.plane.describeVolume(ref))?.sizeGb;
const names = async ({ subject }: World) => (await subject.plane.listVolumes()).map((ref) => ref.name).sort();
const boot = async ({ subject, spec }: World): Promise<void> => {
  await subject.plane.ensureInstance(spec);
  await subject.plane.waitForService(spec.ref, 300);
};

/** The contract for volumes. */
export function volumeVerbsContract(name: string, open: () => Promise<Subject>): void {
  describe(`data plane ${name}: volumes`, { timeout: 2_400_000 }, () => {
    const world = {} as World;
    before(async () => {
      world.subject = await open();
      await world.subject.clear();
      await world.subject.plane.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
      world.spec = specOf('mounting', 51, {
        image: await world.subject.ensureServiceImage(),
        userData: null,
        volumes: [{ ref: volume(1), path: '/data' }],
        files: [await settingsFile('first')],
      });
    });
    after(async () => {
      await world.subject?.clear();
      await world.subject?.close();
    });

    testSize(world);
    testLife(world);
    testOriginAndEnd(world);
  });
}

function testSize(world: World): void {
  it('makes a volume, twice the same, and says how large it is', async () => {
    const { plane } = world.subject;
    assert.equal(await plane.describeVolume(volume(1)), null);
    await Promise.all([1, 2].map(() => plane.ensureVolume({ ref: volume(1), sizeGb: 1 })));
    await plane.ensureVolume({ ref: volume(1), sizeGb: 1 });
    assert.deepEqual(await plane.describeVolume(volume(1)), { ref: volume(1), sizeGb: 1, generation: 0 });
    assert.equal(await plane.describeVolume(volume(1, TEAMS.two)), null);
    assert.deepEqual(await names(world), [volume(1).name]);
    await refuses(plane.ensureVolume({ ref: volume(2, TEAMS.none), sizeGb: 1 }), 'not_found');
  });

  it('lets it grow, also under an instance that runs, and never shrink', async () => {
    const { plane } = world.subject;
    await plane.ensureVolume({ ref: volume(1), sizeGb: 2 });
    assert.equal(await gbOf(world, volume(1)), 2);
    await boot(world);
    for (const sizeGb of [3, 3, 2]) await plane.ensureVolume({ ref: volume(1), sizeGb });
    assert.equal(await gbOf(world, volume(1)), 3);
  });
}

function testLife(world: World): void {
  it('outlives its instances, and is removed with none of them', async () => {
    const { plane } = world.subject;
    await world.subject.writeDisk(world.spec, 'kept');
    await refuses(plane.removeVolume(volume(1)), 'invalid');
    await plane.removeInstance(world.spec.ref);
    assert.equal(await gbOf(world, volume(1)), 3);
    await boot(world);
    assert.equal(await world.subject.readDisk(world.spec), 'kept');
  });

  it('is replaced by the data of a snapshot once for each generation, and not under an instance', async () => {
    const { plane } = world.subject;
    const restore = (generation: number) =>
      plane.ensureVolume({ ref: volume(1), sizeGb: 1 }, { snapshot: snapshotOf(1), generation });
    await refuses(restore(2), 'not_found');
    await plane.ensureSnapshot(world.spec.ref, snapshotOf(1));
    await world.subject.writeDisk(world.spec, 'later');
    await refuses(restore(2), 'invalid');
    assert.equal(await world.subject.readDisk(world.spec), 'later');
    await plane.removeInstance(world.spec.ref);
    await restore(2);
    assert.deepEqual(await plane.describeVolume(volume(1)), { ref: volume(1), sizeGb: 1, generation: 2 });
    await boot(world);
    assert.equal(await world.subject.readDisk(world.spec), 'kept');
    await world.subject.writeDisk(world.spec, 'since then');
    for (const generation of [2, 1]) await restore(generation);
    assert.equal(await world.subject.readDisk(world.spec), 'since then');
  });
}

function testOriginAndEnd(world: World): void {
  it('is made from a snapshot where there was none', async () => {
    const { plane } = world.subject;
    const origin = { snapshot: snapshotOf(1), generation: 1 };
    await plane.ensureVolume({ ref: volume(2), sizeGb: 2 }, origin);
    await plane.removeSnapshot(snapshotOf(1));
    await plane.ensureVolume({ ref: volume(2), sizeGb: 3 }, origin);
    assert.deepEqual(await plane.describeVolume(volume(2)), { ref: volume(2), sizeGb: 3, generation: 1 });
    await refuses(plane.ensureVolume({ ref: volume(3), sizeGb: 1 }, origin), 'not_found');
    assert.deepEqual(await names(world), [volume(1).name, volume(2).name]);
  });

  it('is removed, twice the same, and goes with its tenant', async () => {
    const { plane } = world.subject;
    for (const _ of [1, 2]) await plane.removeVolume(volume(2));
    await plane.removeVolume(volume(1, TEAMS.two));
    assert.deepEqual(await names(world), [volume(1).name]);
    await plane.removeInstance(world.spec.ref);
    await plane.removeTenant(TEAMS.one);
    assert.deepEqual(await names(world), []);
  });
}
