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

/** The contract for instances of a service's image. */
export function serviceVerbsContract(name: string, open: () => Promise<Subject>): void {
  describe(`data plane ${name}: verbs of services`, { timeout: 2_400_000 }, () => {
    let subject: Subject;
    let spec: InstanceSpec;
    const missing = { teamId: TEAMS.one, name: 'vps-contract-missing' };
    const settingsOf = ({ limits, publish, autoStart }: InstanceSpec) => ({ limits, publish, autoStart });

    before(async () => {
      subject = await open();
      await subject.clear();
      await subject.plane.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
      spec = specOf('service', 61, {
        image: await subject.ensureServiceImage(),
        userData: null,
        limits: { vcpu: 1, memoryMb: 256, diskGb: 3 },
        files: [await settingsFile('first')],
        publish: [{ address: OUTSIDE, port: 31_001, targetPort: 7000 }],
      });
      spec = { ...spec, volumes: [dataMount(spec.ref)] };
    });
    after(async () => {
      await subject?.clear();
      await subject?.close();
    });

    it('creates an instance on a volume, twice the same, and none on a volume that is not there', async () => {
      const { plane } = subject;
      await refuses(plane.ensureInstance(spec), 'not_found');
      assert.equal(await plane.describeInstance(spec.ref), null);
      await ensureWhole(plane, spec);
      await ensureWhole(plane, spec);
      await plane.waitForService(spec.ref, 300);
      assert.deepEqual((await plane.describeInstance(spec.ref))?.limits, spec.limits);
    });

    it('lets the volume grow under it, and leaves it where its limits change', async () => {
      const { plane } = subject;
      const ref = volumeOf(spec.ref);
      await plane.ensureVolume({ ref, sizeGb: 3 });
      const { limits } = spec;
      await plane.ensureSettings(spec.ref, { ...settingsOf(spec), limits: { ...limits, memoryMb: 512 } });
      await plane.ensureSettings(spec.ref, settingsOf(spec));
      assert.equal((await plane.describeVolume(ref))?.sizeGb, 3);
      await refuses(plane.removeVolume(ref), 'invalid');
    });

    it('publishes ports, changes and withdraws them', async () => {
      const { plane } = subject;
      const settings = settingsOf(spec);
      const two = [31_002, 31_003].map((port) => ({ address: OUTSIDE, port, targetPort: 7000 }));
      for (const publish of [two, two, two.slice(1), [], []]) {
        await plane.ensureSettings(spec.ref, { ...settings, publish });
      }
      await plane.waitForService(spec.ref, 300);
    });

    it('publishes no port of an instance without IPv4', async () => {
      const { plane } = subject;
      const six = { ...specOf('six', 62).addresses, ipv4: null };
      const without = { ...renamed(spec, 'vps-contract-six'), addresses: six };
      await refuses(ensureWhole(plane, without), 'invalid');
      await ensureWhole(plane, { ...without, publish: [] });
      await refuses(plane.ensureSettings(without.ref, settingsOf(without)), 'invalid');
      await removeWithVolume(plane, without.ref);
    });

    it('answers what its control program is asked', async () => {
      const { plane } = subject;
      assert.equal(typeof JSON.parse(await plane.control(spec.ref, 'metrics')), 'object');
      const state = JSON.parse(await plane.control(spec.ref, 'state'));
      assert.equal(state.up, true);
      const examined = JSON.parse(await plane.control(spec.ref, 'examine'));
      assert.deepEqual([examined.answers, examined.write_complaint], [true, null], JSON.stringify(examined));
      assert.equal(await plane.control(spec.ref, 'reload'), '');
      assert.equal(await plane.control(spec.ref, 'restart'), '');
      await plane.waitForService(spec.ref, 300);
      assert.equal(typeof (await plane.control(spec.ref, 'logs')), 'string');
    });

    it('says what it uses', async () => {
      const { volumes, online, ...rest } = await usageOf(subject.plane, spec.ref);
      assert.equal(online, true);
      assert.deepEqual(Object.keys(rest).sort(), ['cpuSeconds', 'diskBytes', 'memoryBytes', 'oomKills']);
      for (const value of Object.values(rest)) assert.ok(value! >= 0);
      assert.deepEqual(
        volumes.map(({ ref }) => ref),
        [volumeOf(spec.ref)],
      );
      for (const { usedBytes } of volumes) assert.ok(usedBytes! >= 0);
    });

    it('says what the engine in an image can be set to', async () => {
      const { plane } = subject;
      const parameters = (await plane.imageParameters(spec.image)) ?? [];
      assert.ok(parameters.some(({ type }) => type === 'string'));
      await plane.ensureImage('debian-12');
      assert.equal(await plane.imageParameters('debian-12'), null);
      assert.equal(await plane.imageParameters('no-such-image'), null);
    });

    it('writes files into a stopped instance, and asks it nothing', async () => {
      const { plane } = subject;
      await plane.ensureStopped(spec.ref, 30);
      const file = await settingsFile('second');
      await plane.ensureFiles(spec.ref, [file]);
      await plane.ensureFiles(spec.ref, [file]);
      await refuses(plane.control(spec.ref, 'state'), 'invalid');
      await refuses(plane.waitForService(spec.ref, 60), 'stopped');
      const { memoryBytes, cpuSeconds, diskBytes } = await usageOf(plane, spec.ref);
      assert.deepEqual([memoryBytes, cpuSeconds, typeof diskBytes], [null, null, 'number']);
      await plane.ensureRunning(spec.ref);
      await plane.waitForService(spec.ref, 300);
    });

    it('keeps the volume when a newer generation replaces the instance', async () => {
      const { plane } = subject;
      await subject.writeDisk(spec, 'kept');
      await ensureWhole(plane, { ...spec, generation: 2 });
      await plane.waitForService(spec.ref, 300);
      assert.equal(await subject.readDisk(spec), 'kept');
    });

    it('says that an instance is missing', async () => {
      const { plane } = subject;
      await refuses(plane.ensureFiles(missing, [await settingsFile('lost')]), 'not_found');
      await refuses(plane.control(missing, 'state'), 'not_found');
      await refuses(plane.waitForService(missing, 1), 'not_found');
      assert.equal(await plane.describeUsage(missing), null);
    });

    it('keeps the volume when the instance is removed', async () => {
      const { plane } = subject;
      await plane.removeInstance(spec.ref);
      assert.equal((await plane.describeVolume(volumeOf(spec.ref)))?.sizeGb, 3);
      await ensureWhole(plane, { ...spec, generation: 2 });
      await plane.waitForService(spec.ref, 300);
      assert.equal(await subject.readDisk(spec), 'kept');
    });

    it('removes instance and volume, twice the same', async () => {
      const { plane } = subject;
      for (const _ of [1, 2]) await removeWithVolume(plane, spec.ref);
      assert.equal(await plane.describeVolume(volumeOf(spec.ref)), null);
      await ensureWhole(plane, { ...spec, generation: 3 });
      await plane.waitForService(spec.ref, 300);
      assert.equal((await plane.describeVolume(volumeOf(spec.ref)))?.sizeGb, VOLUME_GB);
      await removeWithVolume(plane, spec.ref);
    });
  });
}
