import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { HostMeasurement, Measurement } from '../dataplane/contract/metering.ts';
import type { Queryable } from '../db/database.ts';
import { instanceRef } from '../instances/naming.ts';
import { volumeBytes } from '../instances/volumes.ts';
import type { ModuleContext } from '../module.ts';
import type { Reconciler } from '../reconcilers/reconcilers.ts';
import type { EngineMetrics } from '../services/provider.ts';
import { DETAIL_SECONDS, MARK, PLATFORM_SECONDS, type SeriesName } from './catalogue.ts';
import { HOST_TEAM, type Sample } from './contract.ts';

type Parts = Pick<ModuleContext, 'database' | 'plane' | 'metrics' | 'log'>;

/** The host of the instances, as a resource. */
export const HOST = 'host';

/** Instances that are asked for details at once. Each takes two calls, of which one starts processes in the instance. */
const AT_ONCE = 4;
/** Seconds after which a pass over the details ends. The next one begins with what this one did not come to. */
const LONGEST_PASS = 45;

/** Measures what Incus counts of all instances. */
export function platformCollector({ database, plane, metrics }: Parts): Reconciler {
  return {
    name: 'metrics',
    everySeconds: PLATFORM_SECONDS,
    async run() {
      const rows = await listMeasured(database.db);
      const byName = new Map(rows.map((row) => [instanceRef(row).name, row]));
      const teams = new Set(rows.map((row) => row.team_id));
      const [found, host] = await Promise.all([plane.measureTeams([...teams]), plane.measureHost()]);
      const samples = found.flatMap((measured) => {
        const row = byName.get(measured.ref.name);
        return row?.team_id === measured.ref.teamId ? platformSamples(row, measured) : [];
      });
      await metrics.push([...samples, ...(host ? hostSamples(host) : [])]);
    },
  };
}

/** Measures disks and engines, which takes calls for each instance. */
export function detailCollector({ database, plane, metrics, log }: Parts): Reconciler {
  let measuredAt = new Map<string, number>();
  return {
    name: 'metrics-details',
    everySeconds: DETAIL_SECONDS,
    async run(stopping) {
      const rows = await listMeasured(database.db);
      const due = rows.toSorted((a, b) => (measuredAt.get(a.id) ?? 0) - (measuredAt.get(b.id) ?? 0));
      measuredAt = new Map(due.map(({ id }) => [id, measuredAt.get(id) ?? 0]));
      const deadline = Date.now() + LONGEST_PASS * 1000;
      const samples: Sample[] = [];
      const work = async (): Promise<void> => {
        for (let row = due.shift(); row; row = due.shift()) {
          if (stopping?.aborted || Date.now() > deadline) return;
          samples.push(...(await measureDetails(plane, row)));
          measuredAt.set(row.id, Date.now());
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      await metrics.push(samples);
      if (due.length > 0 && !stopping?.aborted) {
        log.warn({ left: due.length }, 'not all disks and engines could be measured in a pass');
      }
    },
  };
}

/** Deletes the series of instances that are gone. */
export function metricsCleanup({ database, metrics }: Parts): Reconciler {
  return {
    name: 'metrics-cleanup',
    everySeconds: 60,
    async run() {
      // Before the rows are read: what is measured of an instance that is created meanwhile stays.
      const measured = await metrics.listResources(MARK);
      const ids = await database.db.selectFrom('instances').select('id').execute();
      const known = new Set(ids.map(({ id }) => id));
      for (const resource of measured) {
        if (resource.teamId !== HOST_TEAM && !known.has(resource.resource)) {
          await metrics.deleteResource(resource);
        }
      }
    },
  };
}

type Measured = Awaited<ReturnType<typeof listMeasured>>[number];

/** The instances that should be running, but for servers whose customers want no metrics. */
const listMeasured = (db: Queryable) =>
  db
    .selectFrom('instances')
    .innerJoin('members', (join) =>
      join.onRef('members.instance_id', '=', 'instances.id').on('members.position', '=', 0),
    )
    .leftJoin('vps', 'vps.id', 'instances.id')
    .leftJoin('managed_services', 'managed_services.id', 'instances.id')
    .select(['instances.id', 'instances.kind', 'instances.team_id', 'members.id as member_id'])
    .select(['instances.vcpu', 'instances.memory_mb', 'instances.disk_gb', 'managed_services.provider'])
    .where('instances.status', '=', 'running')
    .where(({ eb, or }) => or([eb('vps.id', 'is', null), eb('vps.monitoring_enabled', '=', true)]))
    .execute();

/** The samples of the values that there are. */
const toSamples = (
  teamId: number,
  resource: string,
  at: number,
  values: Partial<Record<SeriesName, number | null>>,
): Sample[] =>
  Object.entries(values).flatMap(([series, value]) =>
    // An image may be older than a value.
    typeof value === 'number' && Number.isFinite(value) ? [{ teamId, resource, series, value, at }] : [],
  );

const platformSamples = (row: Measured, measured: Measurement): Sample[] =>
  toSamples(row.team_id, row.id, measured.at, {
    cpu_cores: row.vcpu,
    cpu_seconds_total: measured.cpuSeconds,
    cpu_wait_seconds_total: measured.cpuWaitSeconds,
    memory_used_bytes: measured.memoryUsedBytes,
    memory_limit_bytes: measured.memoryTotalBytes,
    network_receive_bytes_total: measured.receivedBytes,
    network_transmit_bytes_total: measured.sentBytes,
    network_packets_total: measured.packets,
    network_faults_total: measured.faultyPackets,
    disk_read_bytes_total: measured.diskReadBytes,
    disk_write_bytes_total: measured.diskWrittenBytes,
    processes: measured.processes,
  });

const hostSamples = (host: HostMeasurement): Sample[] =>
  toSamples(HOST_TEAM, HOST, host.at, {
    cpu_cores: host.vcpu,
    cpu_seconds_total: host.cpuSeconds,
    memory_used_bytes: host.memoryUsedBytes,
    memory_limit_bytes: host.memoryTotalBytes,
  });

async function measureDetails(plane: Parts['plane'], row: Measured): Promise<Sample[]> {
  const ref = instanceRef(row);
  const [usage, engine] = await Promise.all([
    unlessAway(() => plane.describeUsage(ref)),
    row.provider === null ? null : unlessAway(async () => JSON.parse(await plane.control(ref, 'metrics'))),
  ]);
  const used = row.provider === null ? (usage?.diskBytes ?? null) : volumeBytes(usage);
  return toSamples(row.team_id, row.id, Date.now(), {
    disk_used_bytes: used,
    disk_limit_bytes: row.disk_gb * 1024 ** 3,
    started_at_seconds: usage?.startedAt == null ? null : usage.startedAt / 1000,
    ...(engine ? engineSeries(engine) : {}),
  });
}

const engineSeries = (engine: EngineMetrics): Partial<Record<SeriesName, number | null>> => ({
  engine_memory_bytes: engine.memory_used_bytes,
  engine_connections: engine.connected_clients,
  engine_connections_limit: engine.max_clients,
  engine_queries_total: engine.total_queries,
  engine_slow_queries_total: engine.slow_queries,
  engine_hits_total: engine.keyspace_hits,
  engine_misses_total: engine.keyspace_misses,
  engine_evictions_total: engine.evicted_keys ?? null,
});

/** Null where this instance gives no answer. Throws where none will, because the data plane is away. */
async function unlessAway<T>(question: () => Promise<T>): Promise<T | null> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof DataPlaneError && error.code !== 'unreachable') return null;
    throw error;
  }
}
