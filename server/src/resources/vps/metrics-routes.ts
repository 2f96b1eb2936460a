import type { FastifyRequest } from 'fastify';
import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { STARTED_AT } from '../../metrics/catalogue.ts';
import type { MetricsStore } from '../../metrics/contract.ts';
import { expressionOf, readPresent } from '../../metrics/reading.ts';
import { metricRoutes } from '../../metrics/routes.ts';
import { VpsMetrics } from './metrics-schema.ts';
import { VpsParams } from './schema.ts';
import type { VpsService } from './service.ts';
import type { Vps } from './store.ts';

const tags = ['VPS'];

/** What a server uses, now and over time. */
export function vpsMetricRoutes(
  api: Api,
  vps: VpsService,
  parts: { database: Database; metrics: MetricsStore },
): void {
  const one = '/vps/:vpsInstance';
  const find = (request: FastifyRequest): Promise<Vps> =>
    vps.find(
      (request as { principal: Parameters<VpsService['find']>[0] }).principal,
      (request.params as { vpsInstance: string }).vpsInstance,
    );
  api.get(
    `${one}/metrics`,
    {
      config: { scope: 'vps:read' },
      schema: {
        operationId: 'getVpsMetrics',
        summary: 'Show metrics',
        description:
          'Shows what the server uses now, as it was last measured, which is every 15 seconds, and every 60 seconds of ' +
          'its disk. A figure is null where nothing was measured, for example because the server does not run.',
        tags,
        params: VpsParams,
        response: { 200: VpsMetrics },
      },
    },
    async (request) => {
      const row = await find(request);
      return view(row, row.status === 'running' ? await read(parts.metrics, row) : NOTHING);
    },
  );
  const measured = { kind: 'vps', path: '/vps', one, params: VpsParams, label: 'Vps', noun: 'server', tags };
  metricRoutes(api, { ...measured, scope: 'vps:read', find }, parts);
}

const FIGURES = {
  cpu: expressionOf('cpu_usage'),
  memory: expressionOf('memory_used'),
  disk: expressionOf('disk_used'),
  received: expressionOf('network_receive_rate'),
  sent: expressionOf('network_transmit_rate'),
  faults: expressionOf('network_fault_share'),
  startedAt: STARTED_AT,
};
type Figures = Record<keyof typeof FIGURES, number | null>;

const read = (store: MetricsStore, row: Vps): Promise<Figures> =>
  readPresent(store, { teamId: row.team_id, resource: row.id }, FIGURES);

const NOTHING: Figures = {
  cpu: null,
  memory: null,
  disk: null,
  received: null,
  sent: null,
  faults: null,
  startedAt: null,
};

const GIB = 1024 ** 3;
/** Shares of packets that were lost or broken, from which on the network is said to be in trouble. */
const WARNING = 0.01;
const CRITICAL = 0.05;

function view({ vcpu, memory_mb, disk_gb }: Vps, found: Figures) {
  const memoryGb = memory_mb / 1024;
  // Without packets there is no share of them.
  const errorRate = found.faults === null ? (found.received === null ? null : 0) : found.faults / 100;
  return {
    cpu: { usage_percent: rounded(found.cpu), cores: vcpu, sockets: 1, threads: vcpu },
    memory: used(found.memory, memoryGb),
    storage: used(found.disk, disk_gb),
    network: {
      rx_bytes_per_sec: rounded(found.received),
      tx_bytes_per_sec: rounded(found.sent),
      error_rate: errorRate,
      status: errorRate === null ? null : statusOf(errorRate),
    },
    uptime_seconds:
      found.startedAt === null ? null : Math.max(Math.round(Date.now() / 1000 - found.startedAt), 0),
    timestamp: Object.values(found).every((value) => value === null) ? null : new Date().toISOString(),
  };
}

const used = (bytes: number | null, totalGb: number) => ({
  used_gb: bytes === null ? null : rounded(bytes / GIB),
  total_gb: totalGb,
  usage_percent: bytes === null ? null : rounded((bytes / GIB / totalGb) * 100),
});

const statusOf = (errorRate: number): 'Healthy' | 'Warning' | 'Critical' =>
  errorRate >= CRITICAL ? 'Critical' : errorRate >= WARNING ? 'Warning' : 'Healthy';

const rounded = (value: number | null): number | null =>
  value === null ? null : Math.round(value * 1000) / 1000;
