/**
 * What Danube knows about an engine that it offers as a managed service. Everything about one engine is in its folder
 * (`postgresql/`, `redis/`, …); `registry.ts` lists them. What goes on inside the instance is in the scripts of the
 * engine's `guest/` folder, which end up in its image: see `appliance/README.md`.
 */
export interface Provider {
  /** `provider` on the wire. */
  id: string;
  /** `provider_id` on the wire. Never changes. */
  number: number;
  /** How people write it, for example `PostgreSQL`. */
  name: string;
  kind: 'database' | 'cache';
  /** Newest stable first: the default. */
  versions: readonly ProviderVersion[];
  /** Where clients connect with TLS, and where without (null: nowhere). */
  ports: { tls: number; plain: number | null };
  /** The customer's account. */
  username: string;
  /** Name of a database that exists without being asked for; null where there is none. */
  defaultDatabase: string | null;
  /** Absolute paths of the folders with the scripts for the image. */
  guest: readonly string[];
  /**
   * Parameters that Danube sets itself: names, or patterns of them. Customers cannot set them, because they lead out of
   * the engine (files, programs, other hosts) or would break what Danube promises (TLS, durability, its own way in).
   */
  locked: readonly (string | RegExp)[];
  /** Parameters that follow the plan, in the engine's own units. Customers may override those that are not locked. */
  sizing(plan: PlanSize): Record<string, string>;
  /**
   * The engine's configuration file with these parameters. Values are any text without line breaks and NUL, and must
   * come out of the engine as they went in.
   */
  renderConfig(parameters: Readonly<Record<string, string>>): string;
  /**
   * Why a value cannot be used, beyond what every engine's types and ranges say, as the end of a sentence ("must be
   * …"); null where it can. Numbers with a unit are for this alone to judge.
   */
  checkValue?(name: string, value: string, parameter: EngineParameter): string | null;
  /** Why a first database cannot have this name (letters, digits, `_`), as the end of a sentence; null where it can. */
  checkDatabaseName?(name: string): string | null;
  /** A URI that clients of this engine take as it is. */
  uri(connection: Connection): string;
  /** Severity of a line of the engine's log. */
  logLevel(line: string): LogLevel;
}

export interface ProviderVersion {
  /** For example `17` or `10.11`. */
  version: string;
  /** Debian suite that the image is made from, and what is installed in it. */
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
  password: string;
  database: string | null;
  tls: boolean;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A setting that an engine takes, as the engine itself lists it. */
export interface EngineParameter {
  name: string;
  type: 'boolean' | 'integer' | 'number' | 'string' | 'enum';
  /** The engine's own default, as text. */
  default: string | null;
  min: number | null;
  max: number | null;
  /** What an `enum` takes. */
  values: readonly string[] | null;
  /** Unit of a bare number, for example `8kB` or `ms`. */
  unit: string | null;
  /** True where only a restart of the engine makes a change take effect. */
  static: boolean;
}

/** What `control metrics` prints as JSON. Null: this engine has no such number, or it could not be read. */
export interface EngineMetrics {
  memory_used_bytes: number | null;
  connected_clients: number | null;
  max_clients: number | null;
  /** Since the engine started. */
  total_queries: number | null;
  slow_queries: number | null;
  keyspace_hits: number | null;
  keyspace_misses: number | null;
  uptime_seconds: number | null;
}

/** What `control state` prints as JSON: how the engine fares under its supervisor. */
export interface EngineState {
  /** The engine's process is there. */
  up: boolean;
  /** Unix seconds of the last starts of the engine since the instance started, newest last, at most 20. */
  starts: number[];
  /** Why the engine ended the last time: exit status, or 128 + signal; null where it has not ended. */
  last_exit: number | null;
  /** Processes that the kernel killed for want of memory since the instance started. */
  oom_kills: number | null;
}

/** What `control verify` prints as JSON: whether the engine's own checker finds the data whole. */
export interface EngineVerification {
  ok: boolean;
  /** What ran, for example `pg_amcheck`, and what it complained about; null: nothing. */
  checks: { name: string; complaint: string | null }[];
  /** Rows of all tables of the customer's databases, or keys of a cache. */
  items: number;
}

/** Name of a version's image, for example `postgresql-17`. */
export const imageOf = (provider: Pick<Provider, 'id'>, version: string): string =>
  `${provider.id}-${version}`;
