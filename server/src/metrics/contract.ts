/**
 * A store of time series. `victoria/` and `sim/` implement it, and both pass the tests in
 * `server/test/contract/metrics-store.ts`.
 *
 * A series belongs to one resource of one team, and has no other dimension: whatever a metric has many of, such as
 * processors and network cards, is summed up before it is stored.
 */
export interface MetricsStore {
  readonly name: 'victoria' | 'sim';
  /**
   * Adds samples, which queries find within a few seconds. Storing a sample twice is the same as once. Throws
   * {@link MetricsUnavailable} where the store does not answer: then any number of them may be missing.
   */
  push(samples: readonly Sample[]): Promise<void>;
  /**
   * One value for each resource, of any number of resources, at one moment. A resource without a value at that moment is
   * missing in the answer: it was not measured, and that is not 0.
   */
  query(query: InstantQuery): Promise<Map<string, number>>;
  /** The values at each step, for each resource that has any. */
  queryRange(query: RangeQuery): Promise<Map<string, (number | null)[]>>;
  /** All resources that have samples of the series, however old. */
  listResources(series: string): Promise<ResourceOfTeam[]>;
  /** Deletes all series of a resource. Succeeds where there are none. */
  deleteResource(resource: ResourceOfTeam): Promise<void>;
  /** Whether it answers. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

export interface ResourceOfTeam {
  /** {@link HOST_TEAM} for what belongs to no team. */
  teamId: number;
  /** The id of an instance. */
  resource: string;
}

/** The team of what the operator alone may see. */
export const HOST_TEAM = 0;

export interface Sample extends ResourceOfTeam {
  /** Name of a series, of lower-case letters, digits and `_`. */
  series: string;
  value: number;
  /** Milliseconds since 1970. */
  at: number;
}

/** Whose series a query reads. */
export interface QueryScope {
  /**
   * Only series of this team are read, whatever else the query says. Null: of all teams, for work that Danube does for
   * itself, such as evaluating alerts.
   */
  teamId: number | null;
  /** All: every resource of the team. */
  resources: readonly string[] | 'all';
}

export interface InstantQuery extends QueryScope {
  expression: Expression;
  /** Milliseconds since 1970; now by default. */
  at?: number;
}

export interface RangeQuery extends QueryScope {
  expression: Expression;
  /** Milliseconds since 1970: the first moment. It is a multiple of the step. */
  from: number;
  /** The last one, at most. */
  to: number;
  stepSeconds: number;
}

/**
 * What is computed from the series of a resource. There is no value where one part of an expression has none, or where
 * it divides by 0.
 */
export type Expression =
  /** The newest value of the window before the moment. With steps longer than the window: the average of the step. */
  | { kind: 'last'; series: string; windowSeconds: number }
  /**
   * How fast a counter grew in the window, or in the step if that is longer, per second. It needs two samples. A counter
   * that became smaller began again at 0.
   */
  | { kind: 'rate'; series: string; windowSeconds: number }
  | { kind: 'sum'; of: readonly Expression[] }
  | { kind: 'ratio'; of: Expression; to: Expression }
  | { kind: 'times'; of: Expression; factor: number };

/** The store does not answer, or refuses. */
export class MetricsUnavailable extends Error {
  readonly retryable = true;

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'MetricsUnavailable';
  }
}
