import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { InstanceSpec } from '../engine.ts';
import { networkOf, type Subject, specOf, TEAMS } from './subjects.ts';
import { settingsFile } from './test-service.ts';
import { refuses } from './verbs.ts';

const OUTSIDE = '198.51.100.1';

/** What every engine promises of instances that are made from a service's image. */
export function serviceVerbsContract(name: string, open: () => Promise<Subject>): void {
  describe(`engine ${name}: verbs of services`, { timeout: 600_000 }, () => {
    let subject: Subject;
    let spec: InstanceSpec;
    const missing = { teamId: TEAMS.one, name: 'vps-contract-missing' };
    const settingsOf = ({ limits, publish, autoStart }: InstanceSpec) => ({ limits, publish, autoStart });

    before(async () => {
      subject = await open();
      await subject.clear();
      await subject.engine.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
      spec = specOf('service', 61, {
        image: await subject.ensureServiceImage(),
        userData: null,
        limits: { vcpu: 1, memoryMb: 256, diskGb: 1 },
        dataVolume: true,
        files: [await settingsFile('first')],
        publish: [{ address: OUTSIDE, port: 31_001, targetPort: 7000 }],
      });
    });
    after(async () => {
      await subject?.clear();
      await subject?.close();
    });

    it('creates an instance with its volume, twice the same', async () => {
      const { engine } = subject;
      await engine.ensureInstance(spec);
      await engine.ensureInstance(spec);
      await engine.waitForService(spec.ref, 60);
      assert.deepEqual((await engine.describeInstance(spec.ref))?.limits, spec.limits);
    });

    it('lets the volume grow, and not shrink', async () => {
      const { engine } = subject;
      const larger = { ...settingsOf(spec), limits: { ...spec.limits, diskGb: 3 } };
      await engine.ensureSettings(spec.ref, larger);
      await engine.ensureSettings(spec.ref, larger);
      await refuses(
        engine.ensureSettings(spec.ref, { ...larger, limits: { vcpu: 1, memoryMb: 512, diskGb: 2 } }),
        'invalid',
      );
      assert.deepEqual((await engine.describeInstance(spec.ref))?.limits, larger.limits);
    });

    it('publishes ports, changes and withdraws them', async () => {
      const { engine } = subject;
      const settings = { ...settingsOf(spec), limits: { ...spec.limits, diskGb: 3 } };
      const two = [31_002, 31_003].map((port) => ({ address: OUTSIDE, port, targetPort: 7000 }));
      for (const publish of [two, two, two.slice(1), [], []]) {
        await engine.ensureSettings(spec.ref, { ...settings, publish });
      }
      await engine.waitForService(spec.ref, 60);
    });

    it('publishes no port of an instance without IPv4', async () => {
      const { engine } = subject;
      const six = { ...specOf('six', 62).addresses, ipv4: null };
      const without = { ...spec, ref: { ...spec.ref, name: 'vps-contract-six' }, addresses: six };
      await refuses(engine.ensureInstance(without), 'invalid');
      await engine.ensureInstance({ ...without, publish: [] });
      await refuses(engine.ensureSettings(without.ref, settingsOf(without)), 'invalid');
      await engine.removeInstance(without.ref);
    });

    it('answers what its control program is asked', async () => {
      const { engine } = subject;
      assert.equal(typeof JSON.parse(await engine.control(spec.ref, 'metrics')), 'object');
      const state = JSON.parse(await engine.control(spec.ref, 'state'));
      assert.equal(state.up, true);
      assert.equal(await engine.control(spec.ref, 'reload'), '');
      assert.equal(await engine.control(spec.ref, 'restart'), '');
      await engine.waitForService(spec.ref, 60);
      assert.equal(typeof (await engine.control(spec.ref, 'logs')), 'string');
    });

    it('says what it uses', async () => {
      const usage = await subject.engine.describeUsage(spec.ref);
      for (const value of Object.values(usage ?? {})) assert.ok(value >= 0);
      assert.deepEqual(Object.keys(usage ?? {}).sort(), ['cpuSeconds', 'diskBytes', 'memoryBytes']);
    });

    it('says what the engine in an image can be set to', async () => {
      const { engine } = subject;
      const parameters = (await engine.imageParameters(spec.image)) ?? [];
      assert.ok(parameters.some(({ type }) => type === 'string'));
      await engine.ensureImage('debian-12');
      assert.equal(await engine.imageParameters('debian-12'), null);
      assert.equal(await engine.imageParameters('no-such-image'), null);
    });

    it('writes files into a stopped instance, and asks it nothing', async () => {
      const { engine } = subject;
      await engine.ensureStopped(spec.ref, 30);
      const file = await settingsFile('second');
      await engine.ensureFiles(spec.ref, [file]);
      await engine.ensureFiles(spec.ref, [file]);
      await refuses(engine.control(spec.ref, 'state'), 'invalid');
      await refuses(engine.waitForService(spec.ref, 1), 'timeout');
      const { memoryBytes, cpuSeconds, diskBytes } = (await engine.describeUsage(spec.ref)) ?? {};
      assert.deepEqual([memoryBytes, cpuSeconds, typeof diskBytes], [null, null, 'number']);
      await engine.ensureRunning(spec.ref);
      await engine.waitForService(spec.ref, 60);
    });

    it('keeps the volume when a newer generation replaces the instance', async () => {
      const { engine } = subject;
      await engine.ensureInstance({ ...spec, generation: 2 });
      await engine.waitForService(spec.ref, 60);
      assert.equal((await engine.describeInstance(spec.ref))?.limits.diskGb, 3);
    });

    it('says that an instance is missing', async () => {
      const { engine } = subject;
      await refuses(engine.ensureFiles(missing, [await settingsFile('lost')]), 'not_found');
      await refuses(engine.control(missing, 'state'), 'not_found');
      await refuses(engine.waitForService(missing, 1), 'not_found');
      assert.equal(await engine.describeUsage(missing), null);
    });

    it('removes instance and volume, twice the same', async () => {
      const { engine } = subject;
      await engine.removeInstance(spec.ref);
      await engine.removeInstance(spec.ref);
      await engine.ensureInstance({ ...spec, generation: 3 });
      assert.equal((await engine.describeInstance(spec.ref))?.limits.diskGb, 1);
      await engine.removeInstance(spec.ref);
    });
  });
}
