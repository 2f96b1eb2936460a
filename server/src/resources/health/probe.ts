import type { DataPlaneReport } from '../../dataplane/contract/data-plane.ts';

/** The questions of a health check; each throws where its part does not answer. */
export interface HealthProbe {
  database(): Promise<void>;
  engine(): Promise<DataPlaneReport>;
  /** Whether the storage pool has room, as of the last look at it. */
  storage(): Promise<StorageState>;
}

export type StorageState = 'ok' | 'nearly_full' | 'unknown';

export interface HealthReport {
  database: boolean;
  engine: DataPlaneReport | null;
  storage: StorageState;
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
  const [database, engine, storage] = await Promise.all([
    answer(async () => {
      await probe.database();
      return true;
    }),
    answer(() => probe.engine()),
    answer(() => probe.storage()),
  ]);
  return { database: database ?? false, engine, storage: storage ?? 'unknown' };
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
