import type { Compute } from '../dataplane/contract/compute.ts';
import type { Reconciler } from '../reconcilers/reconcilers.ts';

/**
 * Bounds what instances take from each other. A new one has its bounds from its creation; this is for those of an earlier
 * version of Danube, and for what an operator has changed.
 */
export const boundsReconciler = (plane: Compute): Reconciler => ({
  name: 'bounds',
  everySeconds: 60,
  run: () => plane.ensureBounds(),
});
