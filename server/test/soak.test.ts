import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createCrashable, findInconsistencies } from './faults.ts';
import { waitFor } from './harness.ts';
import { persistently, randomFrom, randomOperations } from './soak.ts';

const CLIENTS = 4;
const OPERATIONS = 40;
const KILLS = 20;

describe('soak on the simulated engine', () => {
  it(`honours every promise over ${OPERATIONS} operations and ${KILLS} kills`, async (context) => {
    const seed = Number(process.env.DANUBE_TEST_SEED ?? Date.now() % 1_000_000);
    context.diagnostic(`seed ${seed}: set DANUBE_TEST_SEED to repeat`);
    const random = randomFrom(seed);
    const test = await createCrashable({ latencyMs: 30 });
    try {
      await test.database.pool.query(`update teams set quotas = '{"vps": 100}'`);
      let server = await test.start();
      let killing = true;
      const killer = (async () => {
        for (let kill = 0; kill < KILLS; kill++) {
          await delay(50 + 400 * random());
          server.child.kill('SIGKILL');
          await server.ended;
          server = await test.start();
        }
        killing = false;
      })();
      const clients = Array.from({ length: CLIENTS }, (_, client) =>
        randomOperations(() => test.client(server), randomFrom(seed + client), {
          client: `c${client}`,
          operations: OPERATIONS / CLIENTS,
          servers: 3,
        }),
      );
      const promised = (await Promise.all(clients)).flat();
      await killer;
      assert.equal(killing, false);

      const call = test.client(server);
      for (const promise of promised) {
        const operation = await waitFor(`${promise.action} of ${promise.vps}`, async () => {
          const { data } = (await persistently(() => call('GET', `/operations/${promise.operation}`))).body;
          return data.terminal && data;
        });
        assert.equal(operation.state, 'succeeded', JSON.stringify({ promise, operation }));
      }
      server.child.kill('SIGTERM');
      await server.ended;
      assert.deepEqual(await test.inspect((engine) => findInconsistencies(test.database, engine)), []);
    } finally {
      await test.close();
    }
  });
});
