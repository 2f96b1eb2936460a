import type { DataPlaneReport } from '../../dataplane/contract/data-plane.ts';

/** What a health check asks; each throws where its part does not answer. */
export interface HealthProbe {
  database(): Promise<void>;
  engine(): Promise<DataPlaneReport>;
}

export interface HealthReport {
  database: boolean;
  engine: DataPlaneReport | null;
}

/** So long an answer is believed, and a part may take, in milliseconds. */
const MAX_AGE = 1_000;
const TIME_LIMIT = 2_000;

/** Asks the probe at most once a second, however many requests come in. */
export function cachedHealth(probe: HealthProbe): () => Promise<HealthReport> {
  let latest: { at: number; report: Promise<HealthReport> } | null = null;
  return () => {
    if (!latest || Date.now() - latest.at > MAX_AGE) latest = { at: Date.now(), report: check(probe) };
    return latest.report;
  };
}

async function check(probe: HealthProbe): Promise<HealthReport> {
  const [database, engine] = await Promise.all([
    answer(async () => {
      await probe.database();
      return true;
    }),
    answer(() => probe.engine()),
  ]);
  return { database: database ?? false, engine };
}

/** What `ask` resolves to, or null when it throws or takes too long: either way the part is not healthy. */
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
