import type { Config } from './config.ts';
import type { InstanceReport } from './dataplane/contract/compute.ts';
import type { DataPlane } from './dataplane/contract/data-plane.ts';
import type { SnapshotRef, VolumeRef } from './dataplane/contract/refs.ts';
import type { Database, Queryable } from './db/database.ts';
import { type EventCatalogue, registerEvents } from './events/catalogue.ts';
import type { Api } from './http/api.ts';
import type { Tag } from './http/openapi-parts.ts';
import { registerScopes, registerSubjects, type ScopeSubject } from './http/scopes.ts';
import { type AuditSubject, registerAuditSubjects } from './identity/audit/subjects.ts';
import { type Quota, registerQuotas } from './identity/teams/quotas.ts';
import type { AddressPools } from './instances/addresses.ts';
import { type Ending, registerEndings } from './instances/endings.ts';
import { type InstanceKind, registerKinds } from './instances/kinds.ts';
import type { StorageGuard } from './instances/storage-guard.ts';
import type { SecretBox } from './lib/crypto.ts';
import type { Log } from './lib/log.ts';
import type { Lookup } from './lib/lookup.ts';
import type { KeyedCertificate } from './lib/pki.ts';
import type { Mailer } from './mail/mailer.ts';
import type { MetricsStore } from './metrics/contract.ts';
import type { ObjectStore } from './object-store/contract.ts';
import type { OperationWorkflows } from './operations/operation.ts';
import type { PassClock, Reconciler } from './reconcilers/reconcilers.ts';
import { registerSearch, type SearchPart } from './search/parts.ts';

/**
 * Everything a resource declares to the rest of Danube. `modules.ts` lists the modules; no other file names a resource.
 * The list is read by the server's wiring, scopes, quotas, the OpenAPI document, the tests of all routes, and the
 * consistency check between database and data plane.
 */
export interface ResourceModule {
  /** For example `firewalls`; unique. */
  name: string;
  /** Headings of its routes in the OpenAPI document. */
  tags?: readonly Tag[];
  /** Subjects of its scopes: `vps` defines `vps:read`, `vps:write` and `vps:delete`. */
  scopes?: readonly ScopeSubject[];
  /** Its resource types that are called otherwise than the subject of their scopes, with that subject. */
  subjects?: Readonly<Record<string, string>>;
  /** How many of it a team may have, by quota kind. */
  quotas?: Readonly<Record<string, Quota>>;
  /** What the audit log compares before and after a write, by the name of its id in paths. */
  audit?(): Readonly<Record<string, AuditSubject>>;
  /** Its event types. */
  events?: EventCatalogue;
  /** How it is found by `GET /resources/search`, and what its resources are called in notifications. */
  search?: readonly SearchPart[];
  /** Its kinds of instance. */
  kinds?: readonly InstanceKind[];
  /** Ends what it has of an instance that is deleted, in that transaction. */
  endInstance?: Ending;
  /**
   * Creates its parts for one server. Must not connect to anything: the OpenAPI document is generated without a
   * database.
   */
  create(context: ModuleContext): ModuleParts;
  /**
   * Checks a team without unfinished operations: one sentence for each disagreement between database and data plane.
   */
  inconsistencies?(check: ConsistencyCheck): Promise<string[]>;
}

export interface ModuleParts {
  /** Writes rows that the resource needs before the first request. Several servers may call it at the same time. */
  prepare?(): Promise<void>;
  /** Declares its routes; paths are relative to `/api/v1`. */
  routes?(api: Api): void;
  /** Workflows by resource type, then by kind of operation. */
  operations?: OperationWorkflows;
  reconcilers?: readonly Reconciler[];
  /** Begins work that goes on in every worker. `stop` resolves when it has ended. */
  start?(): { stop(): Promise<void> };
}

export interface ModuleContext {
  config: Config;
  database: Database;
  plane: DataPlane;
  /** Null: this install has no object storage. */
  objects: ObjectStore | null;
  /** Time series of instances; `metrics/catalogue.ts` says what can be asked of them. */
  metrics: MetricsStore;
  /** Asked by whoever promises something that will be stored. */
  storage: StorageGuard;
  secrets: SecretBox;
  mail: Mailer;
  /** The install's certificate authority. */
  authority: () => Promise<KeyedCertificate>;
  pools: AddressPools;
  /** IPv4 address of the host at which published ports are reached; null: no port can be published. */
  publicAddress: string | null;
  /** The resolver for names that customers give. */
  lookup: Lookup;
  log: Log;
  /** What is known of all instances at once. */
  clock: PassClock;
}

/** A team without unfinished operations, and what the data plane holds for it. */
export interface ConsistencyCheck {
  db: Queryable;
  plane: DataPlane;
  /** Null: the check leaves it out. */
  objects: ObjectStore | null;
  teamId: number;
  instances: readonly InstanceReport[];
  volumes: readonly VolumeRef[];
  snapshots: readonly SnapshotRef[];
}

/**
 * Makes the scopes, quotas, event types and kinds of modules known. Comes before anything asks for them; running it again
 * changes nothing.
 */
export function registerModules(modules: readonly ResourceModule[]): void {
  registerScopes(modules.flatMap(({ scopes = [] }) => scopes));
  for (const { subjects = {} } of modules) registerSubjects(subjects);
  for (const { quotas = {} } of modules) registerQuotas(quotas);
  registerEvents(modules.flatMap(({ events = {} }) => Object.values(events)));
  registerSearch(modules.flatMap(({ search = [] }) => search));
  registerKinds(modules.flatMap(({ kinds = [] }) => kinds));
  registerEndings(modules.flatMap(({ endInstance }) => (endInstance ? [endInstance] : [])));
  for (const { audit } of modules) registerAuditSubjects(audit?.() ?? {});
}
