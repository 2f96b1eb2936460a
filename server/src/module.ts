import type { Config } from './config.ts';
import type { InstanceReport } from './dataplane/contract/compute.ts';
import type { DataPlane } from './dataplane/contract/data-plane.ts';
import type { SnapshotRef, VolumeRef } from './dataplane/contract/refs.ts';
import type { Database, Queryable } from './db/database.ts';
import { type EventCatalogue, registerEvents } from './events/catalogue.ts';
import type { Api } from './http/api.ts';
import type { Tag } from './http/openapi-parts.ts';
import { registerScopes, type ScopeSubject } from './http/scopes.ts';
import { type Quota, registerQuotas } from './identity/teams/quotas.ts';
import type { AddressPools } from './instances/addresses.ts';
import { type InstanceKind, registerKinds } from './instances/kinds.ts';
import type { SecretBox } from './lib/crypto.ts';
import type { Log } from './lib/log.ts';
import type { KeyedCertificate } from './lib/pki.ts';
import type { OperationWorkflows } from './operations/operation.ts';
import type { PassClock, Reconciler } from './reconcilers/reconcilers.ts';

/**
 * All that a resource tells the rest of Danube about itself. `modules.ts` lists them; nothing else names a resource.
 * What reads them: the server's wiring, scopes, quotas, the OpenAPI document, the tests that call every route, and the
 * check that rows and data plane agree.
 */
export interface ResourceModule {
  /** For example `firewalls`; unique. */
  name: string;
  /** Headings of its routes in the OpenAPI document. */
  tags?: readonly Tag[];
  /** Subjects of its scopes: `vps` stands for `vps:read`, `vps:write` and `vps:delete`. */
  scopes?: readonly ScopeSubject[];
  /** What a team may have of it, by quota kind. */
  quotas?: Readonly<Record<string, Quota>>;
  /** The types of event that happen to it. */
  events?: EventCatalogue;
  /** The kinds of instance that it is. */
  kinds?: readonly InstanceKind[];
  /** Makes its parts for one server. Nothing may connect to anything yet: documents are made without a database. */
  create(context: ModuleContext): ModuleParts;
  /** What is wrong with a settled team: a sentence for each thing that rows and data plane disagree on. */
  inconsistencies?(check: ConsistencyCheck): Promise<string[]>;
}

export interface ModuleParts {
  /** Writes to the database what the resource needs before the first request. Several servers may do so at once. */
  prepare?(): Promise<void>;
  /** Declares its routes; paths are relative to `/api/v1`. */
  routes?(api: Api): void;
  /** Resource type, then kind of operation. */
  operations?: OperationWorkflows;
  reconcilers?: readonly Reconciler[];
}

export interface ModuleContext {
  config: Config;
  database: Database;
  plane: DataPlane;
  secrets: SecretBox;
  /** The install's certificate authority. */
  authority: () => Promise<KeyedCertificate>;
  pools: AddressPools;
  /** Address of the host that published instances are reached at; null: none can be published. */
  publicAddress: string | null;
  log: Log;
  /** When the data plane was last compared with the rows of instances. */
  clock: PassClock;
}

/** A settled team, and what the data plane has of it. */
export interface ConsistencyCheck {
  db: Queryable;
  plane: DataPlane;
  teamId: number;
  instances: readonly InstanceReport[];
  volumes: readonly VolumeRef[];
  snapshots: readonly SnapshotRef[];
}

/**
 * Makes scopes, quotas, types of event and kinds of modules known. Before anything asks for them; doing so again
 * changes nothing.
 */
export function registerModules(modules: readonly ResourceModule[]): void {
  registerScopes(modules.flatMap(({ scopes = [] }) => scopes));
  for (const { quotas = {} } of modules) registerQuotas(quotas);
  registerEvents(modules.flatMap(({ events = {} }) => Object.values(events)));
  registerKinds(modules.flatMap(({ kinds = [] }) => kinds));
}
