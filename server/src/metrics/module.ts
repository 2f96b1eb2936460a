import type { ResourceModule } from '../module.ts';
import { detailCollector, metricsCleanup, platformCollector } from './collector.ts';

/** Measures instances, and keeps what was measured. */
export const metricsModule: ResourceModule = {
  name: 'metrics',
  create: (context) => ({
    reconcilers: [platformCollector(context), detailCollector(context), metricsCleanup(context)],
  }),
};
