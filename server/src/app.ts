import type { AddressInfo } from 'node:net';
import type { Config } from './config.ts';
import type { DataPlane } from './dataplane/contract/data-plane.ts';
import { type Database, openDatabase } from './db/database.ts';
import { migrate } from './db/migrate.ts';
import type { Api, HttpServer } from './http/api.ts';
import { createHttpServer } from './http/server.ts';
import { ensureFirstAccount } from './identity/accounts/first-account.ts';
import { teamRoutes } from './identity/teams/routes.ts';
import { createTokenAuthenticator } from './identity/tokens/authentication.ts';
import type { AddressPools } from './instances/addresses.ts';
import { allKinds, registerKinds } from './instances/kinds.ts';
import { INSTANCE_RECONCILER, instanceReconciler } from './instances/reconciler.ts';
import { createSecretBox, type SecretBox } from './lib/crypto.ts';
import type { Log } from './lib/log.ts';
import type { OperationWorkflows } from './operations/operation.ts';
import { operationRoutes } from './operations/routes.ts';
import { createRuntime, migrateWorkflows, type RuntimeOptions } from './operations/runtime.ts';
import { deadWorkers, forgottenOperations, retention, startHeartbeat } from './operations/upkeep.ts';
import { createPassClock, startReconcilers } from './reconcilers/reconcilers.ts';
import { cacheWire } from './resources/caches/wire.ts';
import { type AuthorityReader, createAuthorityReader } from './resources/certificate-authority/authority.ts';
import { certificateAuthorityRoutes } from './resources/certificate-authority/routes.ts';
import { databaseWire } from './resources/databases/wire.ts';
import { firewallReconciler, firewallRollback } from './resources/firewalls/reconcilers.ts';
import { firewallRoutes } from './resources/firewalls/routes.ts';
import { createFirewallService } from './resources/firewalls/service.ts';
import { firewallWorkflows } from './resources/firewalls/workflow.ts';
import { healthRoutes } from './resources/health/routes.ts';
import { storageAutoscaler } from './resources/managed-services/autoscaler.ts';
import { cloneRoute } from './resources/managed-services/clone-routes.ts';
import { cacheKind, databaseKind } from './resources/managed-services/instance-kinds.ts';
import { managedServiceRoutes } from './resources/managed-services/routes.ts';
import { createServiceActions } from './resources/managed-services/service.ts';
import { managedServiceWorkflows } from './resources/managed-services/workflow.ts';
import { parameterGroupRoutes } from './resources/parameter-groups/routes.ts';
import { createParameterGroupService } from './resources/parameter-groups/service.ts';
import { ensureSystemGroups } from './resources/parameter-groups/store.ts';
import { snapshotReconciler } from './resources/snapshots/reconciler.ts';
import { snapshotRoutes } from './resources/snapshots/routes.ts';
import { automaticSnapshots, restoreDrills } from './resources/snapshots/schedule.ts';
import { createSnapshotService } from './resources/snapshots/service.ts';
import { snapshotWorkflows } from './resources/snapshots/workflow.ts';
import { sshKeyRoutes } from './resources/ssh-keys/routes.ts';
import { vpsKind } from './resources/vps/kind.ts';
import { vpsRoutes } from './resources/vps/routes.ts';
import { createVpsService } from './resources/vps/service.ts';
import { vpsWorkflows } from './resources/vps/workflow.ts';

registerKinds([vpsKind, databaseKind, cacheKind]);

export interface AppOptions {
  config: Config;
  databaseUrl: string;
  plane: DataPlane;
  pools: AddressPools;
  /** Address of the host that published instances are reached at; null: none can be published. */
  publicAddress: string | null;
  /** 32 bytes that encrypt stored secrets. */
  secretKey: Buffer;
  /** See {@link RuntimeOptions.executorId}. */
  executorId: string;
  log: Log;
  /** For tests. */
  runtime?: Pick<RuntimeOptions, 'concurrency' | 'retrySeconds' | 'afterStep'>;
}

export interface App {
  /** Where the API listens; null for a worker. */
  url: string | null;
  http: HttpServer;
  database: Database;
  account: string;
  /** Plain text of the first token, at the first start of an install only. */
  firstToken: string | null;
  /** Answers the requests at hand, lets the steps at work end, and leaves instances running. */
  close(): Promise<void>;
}

/** Puts the server together and starts what its role needs. This is the only wiring: read it top to bottom. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, databaseUrl, plane, log } = options;
  const database = openDatabase(databaseUrl);
  await migrate(database.db);
  // A worker's launch does it by itself.
  if (config.role === 'api') await migrateWorkflows(databaseUrl);
  const first = await ensureFirstAccount(database);
  await ensureSystemGroups(database);
  const secrets = createSecretBox(options.secretKey);
  const authority = createAuthorityReader(database, secrets);
  const authenticator = createTokenAuthenticator(database, log);

  const http = createHttpServer({
    config,
    database,
    secrets,
    log,
    authenticator,
    register: (api) =>
      registerRoutes(api, {
        config,
        database,
        plane,
        secrets,
        authority,
        pools: options.pools,
        publicAddress: options.publicAddress,
      }),
  });
  await http.ready();

  const worker = config.role === 'api' ? null : await startWorker(options, database, secrets, authority);
  const url = config.role === 'worker' ? null : await listen(http, config);
  return {
    url,
    http,
    database,
    account: first.account,
    firstToken: first.token,
    async close() {
      await http.close();
      await authenticator.close();
      await worker?.stop();
      await plane.close();
      await database.close();
    },
  };
}

interface RouteDependencies {
  config: Config;
  database: Database;
  plane: DataPlane;
  secrets: SecretBox;
  authority: AuthorityReader;
  pools: AddressPools;
  publicAddress: string | null;
}

/** Every route of the API. Building the OpenAPI document calls this too. */
export function registerRoutes(api: Api, dependencies: RouteDependencies): void {
  const { database, plane } = dependencies;
  const clock = createPassClock(database, INSTANCE_RECONCILER);
  healthRoutes(api, { database, plane });
  teamRoutes(api, database);
  sshKeyRoutes(api, database);
  vpsRoutes(api, createVpsService({ ...dependencies, clock }), { database, plane, clock });
  const databases = createServiceActions('database', { ...dependencies, clock });
  const caches = createServiceActions('cache', { ...dependencies, clock });
  managedServiceRoutes(api, { database, plane, clock, service: databases }, databaseWire);
  managedServiceRoutes(api, { database, plane, clock, service: caches }, cacheWire);
  for (const { name } of allKinds()) snapshotRoutes(api, createSnapshotService(name, database));
  cloneRoute(api, createSnapshotService('database', database), databases, databaseWire.schemas.instance);
  cloneRoute(api, createSnapshotService('cache', database), caches, cacheWire.schemas.instance);
  const services = { database: databases, cache: caches };
  parameterGroupRoutes(api, createParameterGroupService({ database, plane, services }));
  firewallRoutes(api, createFirewallService(database));
  certificateAuthorityRoutes(api, dependencies.authority);
  operationRoutes(api, database);
}

async function startWorker(
  options: AppOptions,
  database: Database,
  secrets: SecretBox,
  authority: AuthorityReader,
) {
  const { plane, log, executorId, publicAddress } = options;
  const managedServices = managedServiceWorkflows({ database, plane, secrets, authority, publicAddress });
  const workflows: OperationWorkflows = {
    vps: vpsWorkflows({ database, plane, secrets }),
    database: managedServices,
    cache: managedServices,
    firewall: firewallWorkflows({ database, plane }),
    snapshot: snapshotWorkflows({ database, plane, secrets, authority, publicAddress }),
  };
  const runtime = createRuntime({
    database,
    databaseUrl: options.databaseUrl,
    workflows,
    executorId,
    log,
    ...options.runtime,
  });
  await runtime.launch();
  const heartbeat = startHeartbeat(database, executorId, log);
  const reconcilers = startReconcilers(
    database,
    [
      instanceReconciler(database, plane, log),
      firewallReconciler(database, plane, log),
      firewallRollback(database, log),
      storageAutoscaler(database, plane, log),
      automaticSnapshots(database, log),
      snapshotReconciler(database, plane, log),
      restoreDrills(database, log),
      forgottenOperations(database, workflows, log),
      deadWorkers(database, log),
      retention(database),
    ],
    log,
  );
  return {
    async stop() {
      heartbeat.stop();
      await reconcilers.stop();
      await runtime.shutdown();
    },
  };
}

async function listen(http: HttpServer, config: Config): Promise<string> {
  await http.listen({ host: config.listen.host, port: config.listen.port });
  const { port } = http.server.address() as AddressInfo;
  // Port 0 asks for any free port.
  return config.publicUrl.replace(/:0$/, `:${port}`);
}
