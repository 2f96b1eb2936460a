import type { ResourceModule } from '../module.ts';
import { findInstanceInconsistencies } from './consistency.ts';
import { instanceReconciler } from './reconciler.ts';
import { volumeReconciler } from './volume-reconciler.ts';

/** The parts that all kinds of instances share. */
export const instancesModule: ResourceModule = {
  name: 'instances',
  create: ({ database, plane, log }) => ({
    reconcilers: [instanceReconciler(database, plane, log), volumeReconciler(database, plane, log)],
  }),
  inconsistencies: findInstanceInconsistencies,
};
