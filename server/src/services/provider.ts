import type { EngineCondition } from './conditions.ts';
import type { TryConnection } from './connection-client.ts';
import type { PlanLimits } from './plan-limits.ts';

/**
 * An engine that Danube offers as a managed service. All files of an engine are in its folder (`postgresql/`, `redis/`,
 * …), and `registry.ts` lists the engines. The scripts in an engine's `guest/` folder run inside the instance, as part
 * of its image: see `appliance/README.md`.
 */
export interface Provider {
  /** `provider` in the API. */
  id: string;
  /** `provider_id` in the API. Never changes. */
  number: number;
  /** Display name, for example `PostgreSQL`. */
  name: string;
  kind: 'database' | 'cache';
  /** The newest stable version first: it is the default. */
  versions: readonly ProviderVersion[];
  /** The ports for clients with TLS, and without TLS (null: none). */
  ports: { tls: number; plain: number | null };
  /** The customer's account. */
  username: string;
  /** Name of a database that always exists; null where there is none. */
  defaultDatabase: string | null;
  /** Absolute paths of the folders with the scripts for the image. */
  guest: readonly string[];
  /**
   * Parameters that only Danube sets: names, or patterns of names. They lead out of the engine (files, programs, other
   * hosts) or would break what Danube promises (TLS, durability, its own access).
   */
  locked: readonly (string | RegExp)[];
  /** Parameters that follow the plan, in the engine's own units. Customers may override those that are not locked. */
  sizing(plan: PlanSize): Record<string, string>;
  /**
   * The engine's configuration file with these parameters. Values are any text without line breaks and NUL; the engine
   * must read them unchanged.
   */
  renderConfig(parameters: Readonly<Record<string, string>>): string;
  /**
   * Checks a value beyond the types and ranges that all engines have in common. Returns why it cannot be used, as the
   * end of a sentence ("must be …"); null where it can. Only this function checks numbers with a unit.
   */
  checkValue?(name: string, value: string, parameter: EngineParameter): string | null;
  /** What parameters may take of a plan. Left out where every value that can be set fits the smallest plan. */
  planLimits?: PlanLimits;
  /** Extensions that customers can add to a database. Left out where the engine has none. */
  extensionsOf?(version: string): readonly string[];
  /** Why a first database cannot have this name (letters, digits, `_`), as the end of a sentence; null where it can. */
  checkDatabaseName?(name: string): string | null;
  /** Connects as a customer’s client does. */
  tryConnection: TryConnection;
  /** A connection URI for clients of this engine. */
  uri(connection: Connection): string;
  /** Severity of a line of the engine's log. */
  logLevel(line: string): LogLevel;
  /** What the engine's refusals mean, see `conditions.ts`: the first pattern that matches counts. */
  conditions: readonly (readonly [pattern: RegExp, condition: EngineCondition])[];
  /** What the engine logs when it starts after a crash, and recovers first. */
  recoveryLog: RegExp;
  /** What it logs when it does not start because of a parameter; the group is its words, without their preamble. */
  refusalLog: RegExp;
}

export interface ProviderVersion {
  /** For example `17` or `10.11`. */
  version: string;
  /** Debian suite of the image, and the packages installed in it. */
  suite: 'bookworm' | 'trixie' | 'forky' | 'sid';
  packages: readonly string[];
}

export interface PlanSize {
  vcpu: number;
  memoryMb: number;
  diskGb: number;
}

export interface Connection {
  host: string;
  port: number;
  username: string;
  /** Null: the URI has none. */
  password: string | null;
  database: string | null;
  tls: boolean;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A parameter of an engine, as the engine itself lists it. */
export interface EngineParameter {
  name: string;
  type: 'boolean' | 'integer' | 'number' | 'string' | 'enum';
  /** The engine's own default, as text. */
  default: string | null;
  min: number | null;
  max: number | null;
  /** The values of an `enum`. */
  values: readonly string[] | null;
  /** Unit of a bare number, for example `8kB` or `ms`. */
  unit: string | null;
  /** True where a change takes effect only after a restart of the engine. */
  static: boolean;
  /** What the engine says that it is for. Missing in older images; null: this engine says nothing. */
  description?: string | null;
}

/** JSON output of `control metrics`. Null: this engine does not have the value, or it could not be read. */
export interface EngineMetrics {
  memory_used_bytes: number | null;
  connected_clients: number | null;
  max_clients: number | null;
  /** Count since the engine started. */
  total_queries: number | null;
  slow_queries: number | null;
  keyspace_hits: number | null;
  keyspace_misses: number | null;
  /** Keys that were dropped for want of memory. Missing where the engine has no such thing, and in older images. */
  evicted_keys?: number | null;
  uptime_seconds: number | null;
}

/** JSON output of `control state`: the state of the engine and its supervisor. */
export interface EngineState {
  /** Whether the engine's process exists. */
  up: boolean;
  /** Unix seconds of the engine's starts since the instance started, newest last, at most 20. */
  starts: number[];
  /** Why the engine last exited: exit status, or 128 + signal; null where it never did. */
  last_exit: number | null;
  /** Processes that the kernel killed for lack of memory since the instance started. */
  oom_kills: number | null;
}

/** Clients of the engine, those with most connections first, at most 5. */
export type EngineClients = { account: string; address: string; connections: number }[];

/** JSON output of `control examine`: what the engine does and says at this moment. */
export interface EngineEvidence {
  /** State of the engine's process by proc_pid_stat(5): `S` sleeps, `R` runs, `T` is stopped; null: there is none. */
  process: string | null;
  /** Whether the customer's account was answered, as in `control ready`; otherwise what the client said. */
  answers: boolean;
  complaint: string | null;
  /** The same for the platform's own account, which uses another way in. */
  platform_answers: boolean;
  platform_complaint: string | null;
  /** Empty where the platform was not answered. */
  clients: EngineClients;
  /** What a write to the data volume has failed with; null: it succeeded. */
  write_complaint: string | null;
}

/** JSON output of `control verify`: the result of the engine's own data checks. */
export interface EngineVerification {
  ok: boolean;
  /** The check, for example `pg_amcheck`, and the problems it reported; null: none. */
  checks: { name: string; complaint: string | null }[];
  /** Rows in all tables of the customer's databases, or keys of a cache. */
  items: number;
}

/** Name of a version's image, for example `postgresql-17`. */
export const imageOf = (provider: Pick<Provider, 'id'>, version: string): string =>
  `${provider.id}-${version}`;
