import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog } from '../../../src/lib/log.ts';
import { createCrashable, findInconsistencies } from '../../faults.ts';
import { createTestIncus, incusEnvironment } from '../../incus.ts';
import { REPEAT, SEED } from '../../seed.ts';
import { soak } from '../../soak.ts';

describe('soak on Incus', () => {
  it('honours every promise over 8 operations and 5 kills', async (context) => {
    context.diagnostic(REPEAT);
    const test = await createCrashable({ environment: { DANUBE_ENGINE: 'incus', ...incusEnvironment() } });
    const plane = createTestIncus(createLog('silent'));
    try {
      await plane.ensureImage('debian-12');
      await soak(test, {
        seed: SEED,
        clients: 2,
        operations: 8,
        kills: 5,
        pauseMs: 3000,
        servers: 1,
        patience: 900,
      });
      assert.deepEqual(await findInconsistencies(test.database, plane), []);
    } finally {
      await test.close();
      for (const { ref } of await plane.listInstances()) await plane.removeInstance(ref);
      await plane.removeTenant(test.team.teamId);
      await plane.close();
    }
  });
});
