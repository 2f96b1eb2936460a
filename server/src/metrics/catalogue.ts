import type { Expression } from './contract.ts';

/** Seconds between two measurements: of what Incus counts, and of what costs a call for each instance. */
export const PLATFORM_SECONDS = 15;
export const DETAIL_SECONDS = 60;

/** Measurements that may be missed before there is no value. */
const PATIENCE = 4;

/** What is stored of an instance: the name of a series, how often it is measured, and where it comes from. */
const SERIES = {
  // Of all instances.
  cpu_seconds_total: { every: PLATFORM_SECONDS },
  cpu_cores: { every: PLATFORM_SECONDS },
  cpu_wait_seconds_total: { every: PLATFORM_SECONDS },
  memory_used_bytes: { every: PLATFORM_SECONDS },
  memory_limit_bytes: { every: PLATFORM_SECONDS },
  network_receive_bytes_total: { every: PLATFORM_SECONDS },
  network_transmit_bytes_total: { every: PLATFORM_SECONDS },
  network_packets_total: { every: PLATFORM_SECONDS },
  network_faults_total: { every: PLATFORM_SECONDS },
  disk_read_bytes_total: { every: PLATFORM_SECONDS },
  disk_write_bytes_total: { every: PLATFORM_SECONDS },
  processes: { every: PLATFORM_SECONDS },
  disk_used_bytes: { every: DETAIL_SECONDS },
  disk_limit_bytes: { every: DETAIL_SECONDS },
  /** Seconds since 1970. */
  started_at_seconds: { every: DETAIL_SECONDS },
  // Of databases and caches: what `control metrics` prints.
  engine_memory_bytes: { every: DETAIL_SECONDS },
  engine_connections: { every: DETAIL_SECONDS },
  engine_connections_limit: { every: DETAIL_SECONDS },
  engine_queries_total: { every: DETAIL_SECONDS },
  engine_slow_queries_total: { every: DETAIL_SECONDS },
  engine_hits_total: { every: DETAIL_SECONDS },
  engine_misses_total: { every: DETAIL_SECONDS },
  engine_evictions_total: { every: DETAIL_SECONDS },
} as const;

export type SeriesName = keyof typeof SERIES;

/** The series that every instance has while it runs. By it those of deleted instances are found. */
export const MARK: SeriesName = 'cpu_cores';

const window = (series: SeriesName): number => SERIES[series].every * PATIENCE;
const last = (series: SeriesName): Expression => ({ kind: 'last', series, windowSeconds: window(series) });
const rate = (series: SeriesName): Expression => ({ kind: 'rate', series, windowSeconds: window(series) });
const percent = (of: Expression, to: Expression): Expression => ({
  kind: 'times',
  of: { kind: 'ratio', of, to },
  factor: 100,
});

/** When an instance was started, in seconds since 1970. */
export const STARTED_AT = last('started_at_seconds');

/** A figure of an instance that customers can see over time, and be alerted of. */
export interface Metric {
  name: string;
  /** As v1 writes them. */
  unit: '%' | 'bytes' | 'bytes/s' | 'connections' | 'ops/s' | 'processes';
  /** Names of the kinds of instances that have it. */
  kinds: readonly string[] | 'all';
  /** A sentence for customers. */
  meaning: string;
  /** Where the figure comes from. */
  source: string;
  /** Seconds between two measurements. */
  everySeconds: number;
  expression: Expression;
}

const INCUS = 'Incus (`/1.0/metrics`)';
const ENGINE = 'the engine (`control metrics`)';

const of = (
  kinds: Metric['kinds'],
  source: string,
  everySeconds: number,
  rows: Record<string, readonly [unit: Metric['unit'], meaning: string, expression: Expression]>,
): Metric[] =>
  Object.entries(rows).map(([name, [unit, meaning, expression]]) => ({
    name,
    unit,
    kinds,
    meaning,
    source,
    everySeconds,
    expression,
  }));

/** All metrics. `docs/metrics.md` has a row for each, which `documentation.test.ts` compares. */
export const METRICS: readonly Metric[] = [
  ...of('all', INCUS, PLATFORM_SECONDS, {
    cpu_usage: [
      '%',
      'Processor time in use, of what its plan has.',
      percent(rate('cpu_seconds_total'), last('cpu_cores')),
    ],
    memory_usage: [
      '%',
      'Memory in use, of what its plan has.',
      percent(last('memory_used_bytes'), last('memory_limit_bytes')),
    ],
    memory_used: [
      'bytes',
      'Memory in use, without what the kernel can drop at once.',
      last('memory_used_bytes'),
    ],
    network_receive_rate: ['bytes/s', 'What it receives.', rate('network_receive_bytes_total')],
    network_transmit_rate: ['bytes/s', 'What it sends.', rate('network_transmit_bytes_total')],
    network_fault_share: [
      '%',
      'Packets that were dropped or broken.',
      percent(rate('network_faults_total'), rate('network_packets_total')),
    ],
    disk_read_rate: ['bytes/s', 'What it reads from disk.', rate('disk_read_bytes_total')],
    disk_write_rate: ['bytes/s', 'What it writes to disk.', rate('disk_write_bytes_total')],
    processes: ['processes', 'Processes in it.', last('processes')],
  }),
  ...of('all', 'the kernel (`cpu.pressure`, cgroup v2 only)', PLATFORM_SECONDS, {
    cpu_steal: [
      '%',
      'Share of time in which something in it waited for a processor.',
      { kind: 'times', of: rate('cpu_wait_seconds_total'), factor: 100 },
    ],
  }),
  ...of('all', 'the file system (Btrfs quota), or Incus', DETAIL_SECONDS, {
    disk_usage: [
      '%',
      'Disk in use, of what it has. Of databases and caches: of the data volume.',
      percent(last('disk_used_bytes'), last('disk_limit_bytes')),
    ],
    disk_used: ['bytes', 'Disk in use.', last('disk_used_bytes')],
  }),
  ...of(['database'], ENGINE, DETAIL_SECONDS, {
    db_connections: ['connections', 'Clients that are connected.', last('engine_connections')],
    db_connection_usage: [
      '%',
      'Connections in use, of those that the engine accepts.',
      percent(last('engine_connections'), last('engine_connections_limit')),
    ],
    db_queries_per_second: ['ops/s', 'Queries; transactions with PostgreSQL.', rate('engine_queries_total')],
    db_slow_queries_per_second: [
      'ops/s',
      'Queries that took 10 seconds or longer, unless `long_query_time`, or PostgreSQL’s `log_min_duration_statement`, is set ' +
        'otherwise.',
      rate('engine_slow_queries_total'),
    ],
  }),
  ...of(['cache'], ENGINE, DETAIL_SECONDS, {
    cache_connections: ['connections', 'Clients that are connected.', last('engine_connections')],
    cache_connection_usage: [
      '%',
      'Connections in use, of those that the engine accepts.',
      percent(last('engine_connections'), last('engine_connections_limit')),
    ],
    cache_ops_per_second: ['ops/s', 'Commands.', rate('engine_queries_total')],
    cache_slow_queries_per_second: ['ops/s', 'Commands in the slow log.', rate('engine_slow_queries_total')],
    cache_evictions_per_second: [
      'ops/s',
      'Keys that were dropped for want of memory.',
      rate('engine_evictions_total'),
    ],
    cache_memory_used: ['bytes', 'Memory that the engine has allocated.', last('engine_memory_bytes')],
    cache_hit_ratio: [
      '%',
      'Reads that found their key.',
      percent(rate('engine_hits_total'), {
        kind: 'sum',
        of: [rate('engine_hits_total'), rate('engine_misses_total')],
      }),
    ],
  }),
];

/** The metrics that instances of the kind have. */
export const metricsOf = (kind: string): Metric[] =>
  METRICS.filter(({ kinds }) => kinds === 'all' || kinds.includes(kind));

/** The metric of that name that instances of the kind have; undefined where there is none. */
export const metricOf = (kind: string, name: string): Metric | undefined =>
  metricsOf(kind).find((metric) => metric.name === name);
