import assert from 'node:assert/strict';
import type { Answer } from './client.ts';
import type { CustomerWorld, Kind } from './customer.ts';
import { findInconsistencies } from './faults.ts';
import { waitFor } from './harness.ts';

/** Helpers with which tests look at the snapshots of a customer, and restore them. They may be destructured. */
export function snapshotsOf(world: CustomerWorld) {
  const { call } = world;
  const problems = () => findInconsistencies(world.test.database, world.test.plane);
  return {
    snapshot: async (kind: Kind, id: number) => (await call('GET', `/snapshots/${kind}/${id}`)).body.snapshot,
    list: async (kind: Kind, id: string): Promise<Answer['body'][]> =>
      (await call('GET', `/snapshots/${kind}?${kind}_instance_id=${id}&per_page=100`)).body.data,
    restore: (kind: Kind, id: number) => call('POST', `/snapshots/${kind}/${id}/restore`),
    /** Waits until rows and data plane agree; fails with the problems where they do not. */
    consistent: () =>
      waitFor('everything to be consistent', async () => (await problems()).length === 0).catch(async () =>
        assert.deepEqual(await problems(), []),
      ),
  };
}
