import type { Config } from '../config.ts';
import { connectionFile } from '../host/components/victoria-metrics.ts';
import type { Install } from '../host/install.ts';
import type { MetricsStore } from '../metrics/contract.ts';
import { connectionOf, readConnection } from '../metrics/victoria/client.ts';

/** Opens the store of metrics that the settings select. Simulated instances have one in memory by default. */
export async function openMetricsStore(config: Config, { installId }: Install): Promise<MetricsStore> {
  const { url } = config.metrics;
  if (url === null && config.engine === 'sim') {
    const { createSimMetricsStore } = await import('../metrics/sim/store.ts');
    return createSimMetricsStore();
  }
  const { createVictoriaStore } = await import('../metrics/victoria/store.ts');
  const remote = url === null ? null : connectionOf(url);
  return createVictoriaStore({
    connect: async () => remote ?? readConnection(connectionFile(config.home)),
    installId,
  });
}
