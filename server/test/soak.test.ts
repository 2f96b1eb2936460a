import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCrashable, findInconsistencies } from './faults.ts';
import { EXHAUSTIVE, REPEAT, SEED } from './seed.ts';
import { soak } from './soak.ts';

const { operations, kills } = EXHAUSTIVE ? { operations: 40, kills: 20 } : { operations: 20, kills: 8 };

describe('soak on the simulated data plane', () => {
  it(`honours every promise over ${operations} operations and ${kills} kills`, async (context) => {
    context.diagnostic(REPEAT);
    const test = await createCrashable({ latencyMs: 30 });
    try {
      await test.database.pool.query(`update teams set quotas = '{"vps": 100}'`);
      await soak(test, { seed: SEED, clients: 4, operations, kills, pauseMs: 450, servers: 3 });
      assert.deepEqual(await test.inspect((plane) => findInconsistencies(test.database, plane)), []);
    } finally {
      await test.close();
    }
  });
});
