import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../../../test/database.ts';
import { TEST_POOLS } from '../../../test/harness.ts';
import { createSimDataPlane, type SimDataPlane } from '../../dataplane/sim/data-plane.ts';
import { createSecretBox } from '../../lib/crypto.ts';
import { Appliance } from './appliance.ts';
import { STORE } from './place.ts';

const VOLUME = { teamId: STORE.teamId, name: 'platform-object-store-data' };

describe('the instance of the object store', () => {
  let database: TestDatabase;
  let plane: SimDataPlane;
  const secrets = createSecretBox(randomBytes(32));
  before(async () => {
    database = await createTestDatabase();
    plane = createSimDataPlane({ stateFile: null, latencyMs: 0 });
  });
  after(async () => {
    await plane?.close();
    await database?.drop();
  });

  /** As a start of the server with these settings has it. */
  const started = (sizeGb: number, region = 'fsn1') =>
    new Appliance({ database, secrets, plane, pools: TEST_POOLS, names: { region, domain: null }, sizeGb });
  const present = async () => ({
    generation: (await plane.describeInstance(STORE))?.generation,
    power: (await plane.describeInstance(STORE))?.power,
    sizeGb: (await plane.describeVolume(VOLUME))?.sizeGb,
  });

  it('is made once, and left alone while it is as it should be', async (context) => {
    const appliance = started(10);
    for (const _ of [1, 2]) await appliance.ensure();
    for (const hours of [1, 2]) {
      const later = Date.now() + hours * 3_600_000;
      context.mock.method(Date, 'now', () => later);
      await started(10).keepUp();
      context.mock.restoreAll();
    }
    assert.deepEqual(await present(), { generation: 1, power: 'running', sizeGb: 12 });
    await plane.ensureStopped(STORE, 0);
    await appliance.keepUp();
    assert.deepEqual(await present(), { generation: 1, power: 'running', sizeGb: 12 });
  });

  it('is replaced on its disk where it was made from something else', async () => {
    await started(20).keepUp();
    assert.deepEqual(await present(), { generation: 2, power: 'running', sizeGb: 22 });
    await started(20, 'nbg1').keepUp();
    assert.deepEqual(await present(), { generation: 3, power: 'running', sizeGb: 22 });
    // A store only grows.
    await started(10, 'nbg1').keepUp();
    assert.deepEqual(await present(), { generation: 3, power: 'running', sizeGb: 22 });
  });

  it('is replaced by the next look where the process was killed in between', async () => {
    const verbs = [
      'ensureImage',
      'ensureTenant',
      'ensureFirewalls',
      'ensureStopped',
      'ensureVolume',
    ] as const;
    let size = 20;
    for (const when of ['before', 'after'] as const) {
      for (const verb of [...verbs, 'ensureInstance', 'waitForService'] as const) {
        const { generation = 0 } = await present();
        size += 1;
        const off = plane.faults[when]((called) => {
          if (called === verb) throw new Error('killed');
        });
        await assert.rejects(started(size).keepUp(), { message: 'killed' }, verb);
        off();
        await started(size).keepUp();
        const expected = { generation: generation + 1, power: 'running', sizeGb: size + 2 };
        assert.deepEqual(await present(), expected, `${when} ${verb}`);
      }
    }
  });

  it('is made by one at a time, whoever asks', async () => {
    const appliance = started(40);
    await Promise.all([appliance.ensure(), appliance.keepUp(), appliance.ensure()]);
    assert.equal((await present()).power, 'running');
  });
});
