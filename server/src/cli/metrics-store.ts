import type { Config } from '../config.ts';
import type { Install } from '../host/install.ts';
import type { MetricsStore } from '../metrics/contract.ts';

/** Opens the store of metrics. Nothing writes to it yet. */
export async function openMetricsStore(_config: Config, _install: Install): Promise<MetricsStore> {
  const { createSimMetricsStore } = await import('../metrics/sim/store.ts');
  return createSimMetricsStore();
}
