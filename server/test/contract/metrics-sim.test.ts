import { createSimMetricsStore } from '../../src/metrics/sim/store.ts';
import { metricsStoreContract } from './metrics-store.ts';

metricsStoreContract('sim', async () => createSimMetricsStore());
