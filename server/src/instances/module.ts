import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { ModuleContext, ResourceModule } from '../module.ts';
import { boundsReconciler } from './bounds-reconciler.ts';
import { capacityObserver, observeCapacity, poolState } from './capacity.ts';
import { findInstanceInconsistencies } from './consistency.ts';
import { instanceReconciler } from './reconciler.ts';
import { volumeReconciler } from './volume-reconciler.ts';

/** The parts that all kinds of instances share. */
export const instancesModule: ResourceModule = {
  name: 'instances',
  create: (context) => {
    const { config, database, plane, log } = context;
    return {
      prepare: () => prepare(context),
      reconcilers: [
        instanceReconciler(database, plane, log),
        volumeReconciler(database, plane, log),
        boundsReconciler(plane),
        capacityObserver(database, plane, config.capacity, log),
      ],
    };
  },
  inconsistencies: findInstanceInconsistencies,
};

/**
 * So that the first request of a new install can be judged. Later starts do not wait for a data plane that is still coming
 * up: what was known of it is good enough until a worker asks.
 */
async function prepare({ config, database, plane, log }: ModuleContext): Promise<void> {
  if ((await poolState(database.db)) !== 'unknown') return;
  try {
    await observeCapacity(database, plane, config.capacity);
  } catch (error) {
    if (!(error instanceof DataPlaneError)) throw error;
    log.warn({ err: error }, 'the data plane does not say yet how much room there is');
  }
}
