import type { AddressInfo } from 'node:net';
import type { Config } from './config.ts';
import type { DataPlane } from './dataplane/contract/data-plane.ts';
import { type Database, openDatabase } from './db/database.ts';
import { migrate } from './db/migrate.ts';
import type { Api, HttpServer } from './http/api.ts';
import { readDashboard } from './http/dashboard.ts';
import { createHttpServer } from './http/server.ts';
import { ensureFirstAccount } from './identity/accounts/first-account.ts';
import { linkUrl } from './identity/accounts/links.ts';
import { createAuditor } from './identity/audit/auditor.ts';
import { createAuthenticator } from './identity/authentication.ts';
import type { AddressPools } from './instances/addresses.ts';
import { INSTANCE_RECONCILER } from './instances/reconciler.ts';
import { createStorageGuard } from './instances/storage-guard.ts';
import { createSecretBox } from './lib/crypto.ts';
import type { Log } from './lib/log.ts';
import { type Lookup, lookupOfHost } from './lib/lookup.ts';
import { createMailer } from './mail/mailer.ts';
import type { MetricsStore } from './metrics/contract.ts';
import { serveOperatorPage } from './metrics/operator-page.ts';
import { createRequestCounts } from './metrics/request-counts.ts';
import { type ModuleContext, type ModuleParts, type ResourceModule, registerModules } from './module.ts';
import { MODULES } from './modules.ts';
import type { ObjectStore } from './object-store/contract.ts';
import { registerOperations } from './operations/accept.ts';
import type { OperationWorkflows } from './operations/operation.ts';
import { createRuntime, migrateWorkflows, type RuntimeOptions } from './operations/runtime.ts';
import { deadWorkers, forgottenOperations, retention } from './operations/upkeep.ts';
import { createPassClock, startReconcilers } from './reconcilers/reconcilers.ts';
import { createAuthorityReader } from './resources/certificate-authority/authority.ts';

export interface AppOptions {
  config: Config;
  databaseUrl: string;
  /** Where the database is stored, for its disk to be watched; null where that is not on this host. */
  databaseFolder: string | null;
  plane: DataPlane;
  /** Null: this install has no object storage. */
  objects: ObjectStore | null;
  metrics: MetricsStore;
  pools: AddressPools;
  /** IPv4 address of the host at which published ports are reached; null: no port can be published. */
  publicAddress: string | null;
  /** 32 bytes that encrypt stored secrets. */
  secretKey: Buffer;
  /** See {@link RuntimeOptions.executorId}. */
  executorId: string;
  log: Log;
  /** Where the built dashboard is; null: none is served. */
  dashboard?: string | null;
  /** Resolves names that customers give; the host’s resolver by default. */
  lookup?: Lookup;
  /** What the API offers; `modules.ts` by default. */
  modules?: readonly ResourceModule[];
  /** For tests. */
  runtime?: Pick<
    RuntimeOptions,
    'concurrency' | 'perTeam' | 'pollMs' | 'retrySeconds' | 'endPatience' | 'aroundStep' | 'afterStep'
  >;
}

/** Grace period for requests in progress at shutdown, in milliseconds. */
const CLOSING_MS = 5000;

export interface App {
  /** Where the API listens; null for a worker. */
  url: string | null;
  /** The page of figures for the operator; null where none was asked for. */
  metricsUrl: string | null;
  http: HttpServer;
  database: Database;
  account: string;
  /** Plain text of the first token, at the first start of an install only. */
  firstToken: string | null;
  /** A link to set the first account's password, at the first start of an install only. */
  firstLink: string | null;
  /** Answers the requests in progress, lets running steps finish, and leaves instances running. */
  close(): Promise<void>;
}

/** Builds the server and starts what its role needs. All wiring is in this function, in order. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, databaseUrl, plane, metrics, log, modules = MODULES } = options;
  registerModules(modules);
  const database = openDatabase(databaseUrl);
  await migrate(database.db);
  // A worker runs DBOS's own migrations when it launches DBOS.
  if (config.role === 'api') await migrateWorkflows(databaseUrl);
  const first = await ensureFirstAccount(database);
  const context = createContext({ ...options, database });
  const parts = modules.map((module) => module.create(context));
  const workflows: OperationWorkflows = Object.assign({}, ...parts.map(({ operations }) => operations));
  registerOperations(workflows);
  for (const { prepare } of parts) await prepare?.();

  const authenticator = createAuthenticator(config, database, log);
  const dashboard = options.dashboard ? await readDashboard(options.dashboard, options.config.brand) : null;
  const http = createHttpServer({
    ...context,
    authenticator,
    dashboard,
    auditor: createAuditor(database, log),
    ...documented(modules, parts),
  });
  const requests = createRequestCounts();
  http.addHook('onResponse', async ({ method }, { statusCode, elapsedTime }) =>
    requests.count(method, statusCode, elapsedTime / 1000),
  );
  await http.ready();

  const worker = config.role === 'api' ? null : await startWorker(options, context, parts, workflows);
  const url = config.role === 'worker' ? null : await listen(http, config);
  const page = config.metrics.listen && (await serveOperatorPage(config.metrics.listen, context, requests));
  return {
    url,
    metricsUrl: page?.url ?? null,
    http,
    database,
    account: first.account,
    firstToken: first.made?.token ?? null,
    firstLink: first.made && linkUrl(url ?? config.publicUrl, 'password', first.made.linkSecret),
    async close() {
      // While Node closes a server, it no longer times out connections: one that never finishes its request would block
      // the shutdown.
      const patience = setTimeout(() => http.server.closeAllConnections(), CLOSING_MS);
      await http.close();
      clearTimeout(patience);
      await page?.close();
      await authenticator.close();
      await worker?.stop();
      await plane.close();
      await options.objects?.close();
      await metrics.close();
      await database.close();
    },
  };
}

/** The dependencies that modules build their parts from. Connects to nothing yet. */
export function createContext(
  options: Pick<
    AppOptions,
    | 'config'
    | 'databaseFolder'
    | 'plane'
    | 'objects'
    | 'metrics'
    | 'pools'
    | 'publicAddress'
    | 'secretKey'
    | 'log'
    | 'lookup'
  > & {
    database: Database;
  },
): ModuleContext {
  const { config, database, plane, objects, metrics, pools, publicAddress } = options;
  const { log, lookup = lookupOfHost } = options;
  const secrets = createSecretBox(options.secretKey);
  const authority = createAuthorityReader(database, secrets);
  const clock = createPassClock(database, plane, INSTANCE_RECONCILER);
  const storage = createStorageGuard(plane, options.databaseFolder);
  const mail = createMailer(config.mail, secrets);
  return {
    config,
    database,
    plane,
    objects,
    metrics,
    storage,
    secrets,
    mail,
    authority,
    pools,
    publicAddress,
    lookup,
    log,
    clock,
  };
}

/** The routes of all modules, and their tags in the OpenAPI document. */
export const documented = (modules: readonly ResourceModule[], parts: readonly ModuleParts[]) => ({
  tags: modules.flatMap(({ tags = [] }) => tags),
  register(api: Api) {
    for (const { routes } of parts) routes?.(api);
  },
});

async function startWorker(
  options: AppOptions,
  context: ModuleContext,
  parts: readonly ModuleParts[],
  workflows: OperationWorkflows,
) {
  const { log, executorId, databaseUrl } = options;
  const { database } = context;
  const runtime = createRuntime({
    database,
    databaseUrl,
    workflows,
    executorId,
    log,
    ...options.runtime,
  });
  await runtime.launch();
  const upkeep = [
    forgottenOperations(database, workflows, log),
    deadWorkers(database, executorId, log),
    retention(database),
  ];
  const reconcilers = [...parts.flatMap((part) => part.reconcilers ?? []), ...upkeep];
  const loops = startReconcilers(database, reconcilers, log);
  const others = parts.flatMap((part) => part.start?.() ?? []);
  return {
    async stop() {
      await Promise.all([loops.stop(), ...others.map((other) => other.stop())]);
      await runtime.shutdown();
    },
  };
}

async function listen(http: HttpServer, config: Config): Promise<string> {
  await http.listen({ host: config.listen.host, port: config.listen.port });
  const { port } = http.server.address() as AddressInfo;
  // Port 0 asks the kernel for any free port.
  return config.publicUrl.replace(/:0$/, `:${port}`);
}
