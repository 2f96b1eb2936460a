/** How a value is compared with the threshold, by name in the API. */
export const COMPARISONS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
export type Comparison = keyof typeof COMPARISONS;

/** Share of the threshold by which a value must be on the good side of it before an alert is over. */
const MARGIN = 0.05;

/** Milliseconds without a value after which the history says so: a measurement may be missed. */
const NO_DATA_AFTER = 120_000;

export interface Condition {
  comparison: Comparison;
  threshold: number;
  duration_minutes: number;
}

/** What an evaluation knows of an alert, and leaves of it. Times are Unix milliseconds. */
export interface AlertState {
  status: 'active' | 'triggered' | 'resolved';
  turningSince: number | null;
  breaches: number;
  noDataSince: number | null;
  /** Whether the history says that there is none. */
  isMissed: boolean;
  value: number | null;
}

export type Happening = 'triggered' | 'resolved' | 'no_data' | 'data_returned';

export const breaches = (value: number, { comparison, threshold }: Condition): boolean =>
  ({ gt: value > threshold, gte: value >= threshold, lt: value < threshold, lte: value <= threshold })[
    comparison
  ];

/** Whether a value is so far on the good side that a small change does not bring it back. */
function isClear(value: number, condition: Condition): boolean {
  const margin = Math.abs(condition.threshold) * MARGIN;
  const isBelow = condition.comparison === 'gt' || condition.comparison === 'gte';
  return (
    !breaches(value, condition) &&
    (isBelow ? value <= condition.threshold - margin : value >= condition.threshold + margin)
  );
}

/**
 * The state after an evaluation, and what happened. An alert fires when every value has breached it for its duration, and is
 * over when every value has been clear of it for as long. `value`: null where nothing was measured; then nothing changes but
 * that is noted, and the time begins anew.
 */
export function evaluate(
  before: AlertState,
  condition: Condition,
  value: number | null,
  now: number,
): { state: AlertState; happened: Happening | null } {
  if (value === null) return withoutData(before, now);
  const isTurning = before.status === 'triggered' ? isClear(value, condition) : breaches(value, condition);
  const turningSince = isTurning ? (before.turningSince ?? now) : null;
  const isOver = turningSince !== null && now - turningSince >= condition.duration_minutes * 60_000;
  const state: AlertState = {
    status: before.status,
    turningSince,
    breaches: breaches(value, condition) ? before.breaches + 1 : 0,
    noDataSince: null,
    isMissed: false,
    value,
  };
  if (!isOver) return { state, happened: before.isMissed ? 'data_returned' : null };
  const happened = before.status === 'triggered' ? 'resolved' : 'triggered';
  return { state: { ...state, status: happened, turningSince: null }, happened };
}

function withoutData(before: AlertState, now: number): { state: AlertState; happened: Happening | null } {
  const noDataSince = before.noDataSince ?? now;
  const isMissed = before.isMissed || now - noDataSince >= NO_DATA_AFTER;
  const state: AlertState = {
    ...before,
    turningSince: null,
    breaches: 0,
    noDataSince,
    isMissed,
    value: null,
  };
  return { state, happened: isMissed && !before.isMissed ? 'no_data' : null };
}
