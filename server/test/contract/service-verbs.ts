import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import { dataMount, removeWithVolume, volumeOf } from '../volumes.ts';
import {
  ensureWhole,
  networkOf,
  renamed,
  type Subject,
  specOf,
  TEAMS,
  usageOf,
  VOLUME_GB,
} from './subjects.ts';
import { settingsFile } from './test-service.ts';
import { refuses } from './verbs.ts';

const OUTSIDE = '198.51.100.1';

/** What the tests share. */
interface World {
  subject: Subject;
  spec: InstanceSpec;
}

const missing = { teamId: TEAMS.one, name: 'vps-contract-missing' };
const settingsOf = ({ limits, publish, autoStart }: InstanceSpec) => ({ limits, publish, autoStart });

/** The contract for instances of a service's image. */
export function serviceVerbsContract(name: string, open: () => Promise<Subject>): void {
  describe(`data plane ${name}: verbs of services`, { timeout: 2_400_000 }, () => {
    const world = {} as World;
    before(async () => {
      world.subject = await open();
      await world.subject.clear();
      await world.subject.plane.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
      const spec = specOf('service', 61, {
        image: await world.subject.ensureServiceImage(),
        userData: null,
        limits: { vcpu: 1, memoryMb: 256, diskGb: 3 },
        files: [await settingsFile('first')],
        publish: [{ address: OUTSIDE, port: 31_001, targetPort: 7000 }],
      });
      world.spec = { ...spec, volumes: [dataMount(spec.ref)] };
    });
    after(async () => {
      await world.subject?.clear();
      await world.subject?.close();
    });

    testCreation(world);
    testPorts(world);
    testAnswers(world);
    testStops(world);
    testRemoval(world);
  });
}

function testCreation(world: World): void {
  it('creates an instance on a volume, twice the same, and none on a volume that is not there', async () => {
    const { plane } = world.subject;
    await refuses(plane.ensureInstance(world.spec), 'not_found');
    assert.equal(await plane.describeInstance(world.spec.ref), null);
    await ensureWhole(plane, world.spec);
    await ensureWhole(plane, world.spec);
    await plane.waitForService(world.spec.ref, 300);
    assert.deepEqual((await plane.describeInstance(world.spec.ref))?.limits, world.spec.limits);
  });

  it('lets the volume grow under it, and leaves it where its limits change', async () => {
    const { plane } = world.subject;
    const ref = volumeOf(world.spec.ref);
    await plane.ensureVolume({ ref, sizeGb: 3 });
    const { limits } = world.spec;
    await plane.ensureSettings(world.spec.ref, {
      ...settingsOf(world.spec),
      limits: { ...limits, memoryMb: 512 },
    });
    await plane.ensureSettings(world.spec.ref, settingsOf(world.spec));
    assert.equal((await plane.describeVolume(ref))?.sizeGb, 3);
    await refuses(plane.removeVolume(ref), 'invalid');
  });
}

function testPorts(world: World): void {
  it('publishes ports, changes and withdraws them', async () => {
    const { plane } = world.subject;
    const settings = settingsOf(world.spec);
    const two = [31_002, 31_003].map((port) => ({ address: OUTSIDE, port, targetPort: 7000 }));
    for (const publish of [two, two, two.slice(1), [], []]) {
      await plane.ensureSettings(world.spec.ref, { ...settings, publish });
    }
    await plane.waitForService(world.spec.ref, 300);
  });

  it('publishes no port of an instance without IPv4', async () => {
    const { plane } = world.subject;
    const six = { ...specOf('six', 62).addresses, ipv4: null };
    const without = { ...renamed(world.spec, 'vps-contract-six'), addresses: six };
    await refuses(ensureWhole(plane, without), 'invalid');
    await ensureWhole(plane, { ...without, publish: [] });
    await refuses(plane.ensureSettings(without.ref, settingsOf(without)), 'invalid');
    await removeWithVolume(plane, without.ref);
  });
}

function testAnswers(world: World): void {
  it('answers what its control program is asked', async () => {
    const { plane } = world.subject;
    assert.equal(typeof JSON.parse(await plane.control(world.spec.ref, 'metrics')), 'object');
    const state = JSON.parse(await plane.control(world.spec.ref, 'state'));
    assert.equal(state.up, true);
    const examined = JSON.parse(await plane.control(world.spec.ref, 'examine'));
    assert.deepEqual([examined.answers, examined.write_complaint], [true, null], JSON.stringify(examined));
    assert.equal(await plane.control(world.spec.ref, 'reload'), '');
    assert.equal(await plane.control(world.spec.ref, 'restart'), '');
    await plane.waitForService(world.spec.ref, 300);
    assert.equal(typeof (await plane.control(world.spec.ref, 'logs')), 'string');
  });

  it('says what it uses', async () => {
    const { volumes, online, ...rest } = await usageOf(world.subject.plane, world.spec.ref);
    assert.equal(online, true);
    assert.deepEqual(Object.keys(rest).sort(), [
      'cpuSeconds',
      'diskBytes',
      'memoryBytes',
      'oomKills',
      'startedAt',
    ]);
    for (const value of Object.values(rest)) assert.ok(value! >= 0);
    assert.deepEqual(
      volumes.map(({ ref }) => ref),
      [volumeOf(world.spec.ref)],
    );
    for (const { usedBytes } of volumes) assert.ok(usedBytes! >= 0);
  });

  it('says what the engine in an image can be set to', async () => {
    const { plane } = world.subject;
    const parameters = (await plane.imageParameters(world.spec.image)) ?? [];
    assert.ok(parameters.some(({ type }) => type === 'string'));
    await plane.ensureImage('debian-12');
    assert.equal(await plane.imageParameters('debian-12'), null);
    assert.equal(await plane.imageParameters('no-such-image'), null);
  });
}

function testStops(world: World): void {
  it('writes files into a stopped instance, and asks it nothing', async () => {
    const { plane } = world.subject;
    await plane.ensureStopped(world.spec.ref, 30);
    const file = await settingsFile('second');
    await plane.ensureFiles(world.spec.ref, [file]);
    await plane.ensureFiles(world.spec.ref, [file]);
    await refuses(plane.control(world.spec.ref, 'state'), 'invalid');
    await refuses(plane.waitForService(world.spec.ref, 60), 'stopped');
    const { memoryBytes, cpuSeconds, diskBytes } = await usageOf(plane, world.spec.ref);
    assert.deepEqual([memoryBytes, cpuSeconds, typeof diskBytes], [null, null, 'number']);
    await plane.ensureRunning(world.spec.ref);
    await plane.waitForService(world.spec.ref, 300);
  });

  it('keeps the volume when a newer generation replaces the instance', async () => {
    const { plane } = world.subject;
    await world.subject.writeDisk(world.spec, 'kept');
    await ensureWhole(plane, { ...world.spec, generation: 2 });
    await plane.waitForService(world.spec.ref, 300);
    assert.equal(await world.subject.readDisk(world.spec), 'kept');
  });

  it('says that an instance is missing', async () => {
    const { plane } = world.subject;
    await refuses(plane.ensureFiles(missing, [await settingsFile('lost')]), 'not_found');
    await refuses(plane.control(missing, 'state'), 'not_found');
    await refuses(plane.waitForService(missing, 1), 'not_found');
    assert.equal(await plane.describeUsage(missing), null);
  });
}

function testRemoval(world: World): void {
  it('keeps the volume when the instance is removed', async () => {
    const { plane } = world.subject;
    await plane.removeInstance(world.spec.ref);
    assert.equal((await plane.describeVolume(volumeOf(world.spec.ref)))?.sizeGb, 3);
    await ensureWhole(plane, { ...world.spec, generation: 2 });
    await plane.waitForService(world.spec.ref, 300);
    assert.equal(await world.subject.readDisk(world.spec), 'kept');
  });

  it('removes instance and volume, twice the same', async () => {
    const { plane } = world.subject;
    for (const _ of [1, 2]) await removeWithVolume(plane, world.spec.ref);
    assert.equal(await plane.describeVolume(volumeOf(world.spec.ref)), null);
    await ensureWhole(plane, { ...world.spec, generation: 3 });
    await plane.waitForService(world.spec.ref, 300);
    assert.equal((await plane.describeVolume(volumeOf(world.spec.ref)))?.sizeGb, VOLUME_GB);
    await removeWithVolume(plane, world.spec.ref);
  });
}
