import type { DataPlaneReport } from '../../dataplane/contract/data-plane.ts';
import type { ImageBuild } from '../../images/build-records.ts';
import { databaseOutage } from '../../lib/failure.ts';

/** The questions of a health check; each throws where its part does not answer. */
export interface HealthProbe {
  /** Resolves where a write worked a moment ago. */
  database(): Promise<void>;
  engine(): Promise<DataPlaneReport>;
  /** Whether the storage pool takes writes, and has room. */
  storage(): Promise<StorageState>;
  /** Images that are still to be built ahead. */
  images(): Promise<ImageBuild[]>;
}

export type StorageState = 'ok' | 'nearly_full' | 'read_only' | 'unknown';
export type DatabaseState = 'ok' | 'read_only' | 'unavailable';

export interface HealthReport {
  database: DatabaseState;
  engine: DataPlaneReport | null;
  storage: StorageState;
  images: ImageBuild[];
}

/** Milliseconds for which an answer is cached, and after which a part counts as not answering. */
const MAX_AGE = 1_000;
const TIME_LIMIT = 2_000;

/** Asks the probe at most once a second, regardless of the number of requests. */
export function cachedHealth(probe: HealthProbe): () => Promise<HealthReport> {
  let latest: { at: number; report: Promise<HealthReport> } | null = null;
  return () => {
    if (!latest || Date.now() - latest.at > MAX_AGE) latest = { at: Date.now(), report: check(probe) };
    return latest.report;
  };
}

async function check(probe: HealthProbe): Promise<HealthReport> {
  const [database, engine, storage, images] = await Promise.all([
    answer(() => databaseState(probe)),
    answer(() => probe.engine()),
    answer(() => probe.storage()),
    answer(() => probe.images()),
  ]);
  return { database: database ?? 'unavailable', engine, storage: storage ?? 'unknown', images: images ?? [] };
}

async function databaseState(probe: HealthProbe): Promise<DatabaseState> {
  try {
    await probe.database();
    return 'ok';
  } catch (error) {
    const outage = databaseOutage(error);
    return outage === 'full' || outage === 'read_only' ? 'read_only' : 'unavailable';
  }
}

/** The answer, or null where `ask` throws or takes too long: the part is unhealthy in both cases. */
async function answer<T>(ask: () => Promise<T>): Promise<T | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, TIME_LIMIT, null);
  try {
    return await Promise.race([ask(), late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
