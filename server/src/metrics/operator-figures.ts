import { sql } from 'kysely';
import type { ModuleContext } from '../module.ts';
import { isUnfinished } from '../operations/unfinished.ts';
import { type Family, figure } from './exposition.ts';

type Parts = Pick<ModuleContext, 'config' | 'database' | 'plane' | 'metrics'>;

/** What an operator watches. A part that does not answer is 0 in `danube_up`, and its figures are missing. */
export async function readFigures(parts: Parts): Promise<Family[]> {
  const { config, database, plane, metrics } = parts;
  const [state, capacity, host, store] = await Promise.all([
    orNull(() => readState(parts)),
    orNull(() => plane.describeCapacity()),
    orNull(() => plane.measureHost()),
    metrics.isReady(),
  ]);
  const { pool } = database;
  const bytes = (name: string, help: string, values: Record<string, number>): Family => ({
    name,
    help,
    type: 'gauge',
    values: Object.entries(values).map(([kind, value]) => ({ labels: { kind }, value })),
  });
  return [
    {
      name: 'danube_up',
      help: 'Whether a part answers: the database, the data plane, the store of metrics.',
      type: 'gauge',
      values: Object.entries({ database: state, data_plane: capacity, metrics: store || null }).map(
        ([part, found]) => ({ labels: { part, engine: config.engine }, value: found === null ? 0 : 1 }),
      ),
    },
    ...processFigures(),
    bytes('danube_database_connections', 'Connections of this process to the database.', {
      open: pool.totalCount,
      idle: pool.idleCount,
      waited_for: pool.waitingCount,
    }),
    ...(state ?? []),
    ...(capacity
      ? [bytes('danube_storage_pool_bytes', 'The storage pool of instances.', poolOf(capacity))]
      : []),
    ...(host
      ? [
          bytes('danube_host_memory_bytes', 'Memory of the host of the instances.', {
            total: host.memoryTotalBytes,
            used: host.memoryUsedBytes,
          }),
          figure(
            'danube_host_cpu_seconds_total',
            'counter',
            'Processor time in use on that host.',
            host.cpuSeconds,
          ),
          figure('danube_host_load1', 'gauge', 'Load average of that host over a minute.', host.load1),
        ]
      : []),
  ];
}

const poolOf = ({ pool }: { pool: { totalBytes: number; freeBytes: number } }) => ({
  total: pool.totalBytes,
  free: pool.freeBytes,
});

/** Named as client libraries of Prometheus name them. */
function processFigures(): Family[] {
  const { user, system } = process.cpuUsage();
  return [
    figure('process_cpu_seconds_total', 'counter', 'Processor time of this process.', (user + system) / 1e6),
    figure('process_resident_memory_bytes', 'gauge', 'Memory of this process.', process.memoryUsage.rss()),
    figure(
      'process_start_time_seconds',
      'gauge',
      'When this process began, in seconds since 1970.',
      Math.round(Date.now() / 1000 - process.uptime()),
    ),
  ];
}

/** What the database says: a few counts, by indexes or of tables with a row for each instance. */
async function readState({ database: { db } }: Parts): Promise<Family[]> {
  const [instances, operations, reconcilers] = await Promise.all([
    db
      .selectFrom('instances')
      .select(['kind', 'status', sql<number>`count(*)::int`.as('count')])
      .groupBy(['kind', 'status'])
      .execute(),
    db
      .selectFrom('operations')
      .select(['state', sql<number>`count(*)::int`.as('count')])
      .select(sql<number>`extract(epoch from now() - min(created_at))::float8`.as('oldest'))
      .where(isUnfinished())
      .groupBy('state')
      .execute(),
    db
      .selectFrom('reconcilers')
      .select(['name', sql<number>`extract(epoch from finished_at)::float8`.as('finished')])
      .execute(),
  ]);
  return [
    {
      name: 'danube_instances',
      help: 'Servers, databases and caches.',
      type: 'gauge',
      values: instances.map(({ count, ...labels }) => ({ labels, value: count })),
    },
    {
      name: 'danube_unfinished_operations',
      help: 'Operations that have not ended.',
      type: 'gauge',
      values: operations.map(({ state, count }) => ({ labels: { state }, value: count })),
    },
    {
      name: 'danube_oldest_unfinished_operation_seconds',
      help: 'Age of the oldest of them.',
      type: 'gauge',
      values: operations.map(({ state, oldest }) => ({ labels: { state }, value: oldest })),
    },
    {
      name: 'danube_reconciler_finished_timestamp_seconds',
      help: 'When a reconciler has last ended a pass, in any process of the install.',
      type: 'gauge',
      values: reconcilers.map(({ name, finished }) => ({ labels: { name }, value: finished })),
    },
  ];
}

/** Null for a part that does not answer: that is a figure too. */
async function orNull<T>(question: () => Promise<T>): Promise<T | null> {
  try {
    return await question();
  } catch {
    return null;
  }
}
