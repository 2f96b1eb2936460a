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
/** The same for a part that has not answered since it was last asked, so that nobody waits long for what is known. */
const SHORT_LIMIT = 500;

/** Asks the probe at most once a second, regardless of the number of requests. */
export function cachedHealth(probe: HealthProbe): () => Promise<HealthReport> {
  // The server would not have started without its database; Incus may be slower than it.
  const database = createPart(() => databaseState(probe), { answers: true });
  const engine = createPart(() => probe.engine(), { answers: false });
  const storage = createPart(() => probe.storage(), { answers: true });
  const images = createPart(() => probe.images(), { answers: true });
  const check = async (): Promise<HealthReport> => {
    const answers = await Promise.all([database(), engine(), storage(), images()]);
    return {
      database: answers[0] ?? 'unavailable',
      engine: answers[1],
      storage: answers[2] ?? 'unknown',
      images: answers[3] ?? [],
    };
  };
  let latest: { at: number; report: Promise<HealthReport> } | null = null;
  return () => {
    if (!latest || Date.now() - latest.at > MAX_AGE) latest = { at: Date.now(), report: check() };
    return latest.report;
  };
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

/**
 * Asks a part: its answer, or null where `ask` throws or takes too long, which means that the part is unhealthy. An answer
 * that comes too late counts for the next time.
 */
function createPart<T>(ask: () => Promise<T>, { answers }: { answers: boolean }): () => Promise<T | null> {
  return async () => {
    const { promise: late, resolve } = Promise.withResolvers<null>();
    const timer = setTimeout(resolve, answers ? TIME_LIMIT : SHORT_LIMIT, null);
    answers = false;
    const answer = ask().then(
      (value) => {
        answers = true;
        return value;
      },
      () => null,
    );
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
