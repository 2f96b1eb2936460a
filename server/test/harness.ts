import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { type App, type AppOptions, startApp } from '../src/app.ts';
import { type Config, readConfig } from '../src/config.ts';
import { createSimDataPlane, type SimDataPlane } from '../src/dataplane/sim/data-plane.ts';
import type { SimVerb } from '../src/dataplane/sim/faults.ts';
import type { Database, Queryable } from '../src/db/database.ts';
import { type Role, SCOPES, type Scope } from '../src/http/scopes.ts';
import { createSession } from '../src/identity/sessions/store.ts';
import { insertTeam } from '../src/identity/teams/members.ts';
import { createToken } from '../src/identity/tokens/service.ts';
import { createStorageGuard, type StorageGuard } from '../src/instances/storage-guard.ts';
import { createLog } from '../src/lib/log.ts';
import type { Lookup } from '../src/lib/lookup.ts';
import type { MetricsStore } from '../src/metrics/contract.ts';
import { createSimMetricsStore } from '../src/metrics/sim/store.ts';
import { createSimObjectStore, type SimObjectStore } from '../src/object-store/sim/object-store.ts';
import { reconcilerLock } from '../src/reconcilers/reconcilers.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export const TEST_POOLS = {
  ipv4: '10.64.0.0/13',
  ipv6: 'fd00:1:2::/48',
  ports: { first: 20_000, last: 29_999 },
};

export interface TestTeam {
  accountId: number;
  teamId: number;
  token: string;
}

export interface TestApp {
  app: App;
  plane: SimDataPlane;
  objects: SimObjectStore;
  metrics: MetricsStore;
  storage: StorageGuard;
  database: TestDatabase;
  team: TestTeam;
  /** Stops the server as SIGTERM does, and restarts it on the same data and data plane. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export type TestAppOptions = Partial<AppOptions> & { still?: readonly string[]; firstTeam?: number };

/** Settings of a test server, changed as the test needs. */
export const testConfig = (changes: Record<string, string> = {}): Config =>
  readConfig({
    DANUBE_ENGINE: 'sim',
    DANUBE_LISTEN: '127.0.0.1:0',
    DANUBE_LOG_LEVEL: 'silent',
    DANUBE_STORAGE_QUOTA_GB: '1000000000',
    DANUBE_IMAGES_AHEAD: 'none',
    ...changes,
  });

/**
 * A whole server on its own database and the simulated data plane. Close it in `after`. Reconcilers named in `still` do
 * not run automatically, where a pass at the wrong moment would disturb a test; the test calls their `run`. `firstTeam`: the
 * number of the team of the install's first account, which those of others follow.
 */
export async function startTestApp({
  still = [],
  firstTeam,
  ...options
}: TestAppOptions = {}): Promise<TestApp> {
  const database = await createTestDatabase();
  if (firstTeam) await database.pool.query(`alter table teams alter column id restart with ${firstTeam}`);
  const letRun = still.length > 0 ? await keepStill(database, still) : async () => {};
  const plane = createSimDataPlane({ stateFile: null, latencyMs: 0 });
  const objects = createSimObjectStore({ stateFile: null, latencyMs: 0 });
  const metrics = createSimMetricsStore();
  const appOptions: AppOptions = {
    config: testConfig(),
    databaseUrl: database.url,
    databaseFolder: null,
    plane,
    objects,
    metrics,
    pools: TEST_POOLS,
    publicAddress: '203.0.113.7',
    secretKey: randomBytes(32),
    executorId: 'test',
    log: createLog(process.env.DANUBE_TEST_LOG ?? 'silent'),
    lookup: knowsNoNames,
    ...options,
    runtime: { retrySeconds: 30, ...options.runtime },
  };
  const app = await startApp(appOptions).catch(async (error: unknown) => {
    await plane.close();
    await letRun();
    await database.drop();
    throw error;
  });
  const testApp: TestApp = {
    app,
    plane,
    objects,
    metrics,
    storage: createStorageGuard(plane, appOptions.databaseFolder),
    database,
    team: await createTeam(database),
    async restart() {
      await testApp.app.close();
      testApp.app = await startApp(appOptions);
    },
    async close() {
      await testApp.app.close();
      await letRun();
      await database.drop();
    },
  };
  return testApp;
}

/** Tests ask no name server. */
const knowsNoNames: Lookup = (_name, callback) =>
  callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);

/** Holds the locks of reconcilers, as if another server were running them. Returns the function that releases them. */
export async function keepStill(
  database: TestDatabase,
  names: readonly string[],
): Promise<() => Promise<void>> {
  const { promise: over, resolve: letRun } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold, reject } = Promise.withResolvers<void>();
  const holding = database.db.connection().execute(async (connection) => {
    for (const name of names) {
      await sql`select pg_advisory_lock(hashtext(${reconcilerLock(name)}))`.execute(connection);
    }
    hold();
    await over;
    await sql`select pg_advisory_unlock_all()`.execute(connection);
  });
  holding.catch(reject);
  await held;
  return () => {
    letRun();
    return holding;
  };
}

let teams = 0;

/** Creates an account with a team and a token, by default with all scopes and very high rate limits. */
export async function createTeam(
  database: TestDatabase,
  scopes: readonly Scope[] = SCOPES,
): Promise<TestTeam> {
  teams += 1;
  const number = teams;
  return database.transaction(async (tx) => {
    const user = await tx
      .insertInto('users')
      .values({ email: `user-${number}@example.org`, name: `User ${number}`, tier: 'enterprise' })
      .returning('id')
      .executeTakeFirstOrThrow();
    const teamId = await insertTeam(tx, { name: `Team ${number}`, ownerId: user.id });
    const member = { accountId: user.id, teamId };
    return { ...member, token: await issueToken(tx, member, scopes) };
  });
}

/** Makes the account a member of another team. Returns a token for that team, with all scopes. */
export async function joinTeam(
  database: TestDatabase,
  accountId: number,
  teamId: number,
  role: Role = 'admin',
): Promise<string> {
  await database.db
    .insertInto('team_members')
    .values({ team_id: teamId, user_id: accountId, role })
    .execute();
  return issueToken(database.db, { accountId, teamId });
}

/** Creates a token for a team member, by default with all scopes. */
export async function issueToken(
  db: Queryable,
  { accountId, teamId }: Pick<TestTeam, 'accountId' | 'teamId'>,
  scopes: readonly Scope[] = SCOPES,
): Promise<string> {
  return (await createToken(db, { accountId, teamId, name: 'test', scopes })).plainText;
}

/** Signs the account in. Returns the cookie of the session. */
export async function openSession(
  database: Database,
  { accountId }: Pick<TestTeam, 'accountId'>,
): Promise<string> {
  const { secret } = await database.transaction((tx) =>
    createSession(tx, { accountId, method: 'password', ip: '192.0.2.1', userAgent: 'a test' }),
  );
  return `danube_session=${secret}`;
}

/** Lets the account use the API of operators. */
export async function makeOperator(
  { db }: Pick<Database, 'db'>,
  { accountId }: Pick<TestTeam, 'accountId'>,
): Promise<void> {
  await db.updateTable('users').set({ operator: true }).where('id', '=', accountId).execute();
}

/** Makes every call of this verb wait before it does anything, until the returned function is called. */
export function holdBack(plane: SimDataPlane, verb: SimVerb): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const off = plane.faults.before((called) => (called === verb ? promise : undefined));
  return () => {
    off();
    resolve();
  };
}

/** Milliseconds between two questions of {@link waitFor}. */
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 200;

/**
 * Polls until the result is not null, false or undefined; throws after the deadline, naming what it waited for. The
 * deadline is generous: on two busy cores, a step of one second can take one and a half minutes. The longer it waits,
 * the more rarely it asks, because every question takes processor time from what is waited for.
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | null | false | undefined>,
  seconds = 180,
): Promise<T> {
  const began = Date.now();
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false && answer !== undefined) return answer;
    const waited = Date.now() - began;
    if (waited > seconds * 1000) throw new Error(`Gave up after ${seconds} s waiting for ${what}.`);
    await delay(Math.min(Math.max(waited / 10, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS));
  }
}

/** A port of this host that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
