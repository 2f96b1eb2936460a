import type { Static } from 'typebox';
import type { OperationError } from '../operations/operation.ts';
import type { Observation } from '../reconcilers/reconcilers.ts';
import { type Finding, readOnlyFinding } from './diagnosis.ts';
import type { StatusDetails } from './schema.ts';

/** A status counts as stale after this long without a comparison with the data plane, in milliseconds. */
const STALE_MS = 60_000;

const STEADY: ReadonlySet<string> = new Set(['running', 'stopped', 'error']);

/** True while an operation is in progress. */
export const isTransitional = (status: string): boolean => !STEADY.has(status);

export const statusLabel = (status: string): string => status.charAt(0).toUpperCase() + status.slice(1);

type StatusColor = 'green' | 'gray' | 'yellow' | 'red';
const COLORS: Record<string, StatusColor> = { running: 'green', stopped: 'gray', error: 'red' };

/** Transitional states are yellow. */
export const statusColor = (status: string): StatusColor => COLORS[status] ?? 'yellow';

/** An instance's row, with its kind (`vps`) and the word for it in sentences (`server`). */
interface Instance {
  type: string;
  noun: string;
  name: string;
  status: string;
  error: unknown;
  /** What keeps a running instance from doing its work; null: nothing is known. */
  problem: Finding | null;
  observed_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

/**
 * Explains a status.
 * @param seen what is known of all instances at once
 */
export function statusDetails(instance: Instance, seen: Observation): Static<typeof StatusDetails> {
  const { status, error } = instance;
  const transitional = isTransitional(status);
  const failed = status === 'error';
  const { comparedAt } = seen;
  const problem =
    status === 'running' ? (readOnlyFinding(seen.writeRefusal, instance.noun) ?? instance.problem) : null;
  // A pass before the instance was created says nothing about it.
  const passed = comparedAt && comparedAt > instance.created_at ? comparedAt : null;
  const observedAt = latest(instance.observed_at, passed);
  return {
    summary: problem ? `${summary(instance)} ${problem.summary}` : summary(instance),
    health: failed
      ? 'unhealthy'
      : transitional
        ? 'progressing'
        : status === 'stopped'
          ? 'stopped'
          : problem
            ? healthWith(problem)
            : 'healthy',
    observed_at: observedAt?.toISOString() ?? null,
    stale: observedAt === null || Date.now() - observedAt.getTime() > STALE_MS,
    operation: { state: failed ? 'failed' : transitional ? 'running' : 'succeeded', terminal: !transitional },
    error:
      failed && error
        ? viewError(instance, error as OperationError)
        : problem && healthWith(problem) === 'unhealthy'
          ? viewError(instance, { ...problem, message: problem.summary })
          : null,
  };
}

/** Problems that end by themselves, when the engine has started. */
const PASSING: ReadonlySet<string> = new Set(['engine_starting', 'engine_recovering', 'engine_stopping']);

const healthWith = ({ code, severity }: Finding): 'progressing' | 'unhealthy' | 'healthy' =>
  PASSING.has(code) ? 'progressing' : severity === 'critical' ? 'unhealthy' : 'healthy';

function summary({ noun, status }: Instance): string {
  switch (status) {
    case 'pending':
      return `The ${noun} waits to be created.`;
    case 'provisioning':
      return `The ${noun} is being created.`;
    case 'error':
      return `The ${noun} has a problem.`;
    case 'destroying':
      return `The ${noun} is being deleted.`;
    case 'updating':
      return `The ${noun} is being updated.`;
    default:
      return `The ${noun} is ${status}.`;
  }
}

function viewError(instance: Instance, error: OperationError) {
  return {
    code: error.code,
    source: 'engine',
    resource: { kind: instance.type, name: instance.name },
    reason: error.code,
    message: error.message,
    retryable: error.retryable,
    observed_at: instance.updated_at.toISOString(),
  };
}

const latest = (a: Date | null, b: Date | null): Date | null => (!a ? b : !b || a > b ? a : b);
