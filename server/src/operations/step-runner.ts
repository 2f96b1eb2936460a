import { setTimeout as delay } from 'node:timers/promises';
import { DBOSWorkflowConflictError } from '@dbos-inc/dbos-sdk/internal/error';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { Database, Tx } from '../db/database.ts';
import { joinTransaction } from '../db/joined.ts';
import { databaseOutage, logFailure } from '../lib/failure.ts';
import { behindFence, FencedOff, passFence } from '../lib/fence.ts';
import type { Log } from '../lib/log.ts';
import { END_PATIENCE, ENDED, type Ending, GivenUp } from './ending.ts';
import type { WorkerLease } from './lease.ts';
import type { Operation, OperationError, OperationStep } from './operation.ts';
import { reportProgress } from './operations-store.ts';
import { StepRecords } from './step-records.ts';

export interface StepRunnerOptions {
  database: Database;
  log: Log;
  /** Seconds for which a step is retried while the data plane is unreachable. */
  retrySeconds?: number;
  /** How long steps may go on whose operation is to end. */
  endPatience?: typeof END_PATIENCE;
  /** For tests: called instead of each attempt of a step, which `run` makes. */
  aroundStep?: (operation: Operation, step: string, run: () => Promise<void>) => Promise<void>;
  /** For tests: called after each recorded step. */
  afterStep?: (operation: Operation, step: string) => void | Promise<void>;
}

export type StepRunner = ReturnType<typeof createStepRunner>;

/** Runs the steps of operations, and records their results with DBOS. `lease`: that of this process to its workflows. */
export function createStepRunner(options: StepRunnerOptions, lease: WorkerLease) {
  let parked = false;
  const active = new Set<symbol>();

  /** Runs a step unless the process is about to end: after `park`, none starts. */
  async function start<T>(name: string, step: (token: symbol) => Promise<T>): Promise<T> {
    if (parked) return never();
    const token = Symbol(name);
    active.add(token);
    try {
      return await step(token);
    } finally {
      active.delete(token);
    }
  }

  async function done(operation: Operation, step: string): Promise<void> {
    await options.afterStep?.(operation, step);
  }

  /** The steps of an operation whose workflow begins, or is resumed. */
  async function open(operationId: string, ending: Ending) {
    let settled = lease.doubts;
    const records = await StepRecords.read(operationId);

    /** A worker that was paused may have lost the operation, which others may have ended by now, and begun further ones. */
    async function check(): Promise<void> {
      if (lease.isCertain() && settled === lease.doubts) return;
      await lease.renew();
      const { doubts } = lease;
      if (!(await records.isOwned())) throw new FencedOff();
      settled = doubts;
    }

    /**
     * Runs a step that only writes to our tables, in the transaction that records its result: both are committed, or
     * neither. It is tried again while the database is unreachable.
     */
    function write<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
      return start(name, () => records.write(name, (client) => joinTransaction(client, work)));
    }

    /** Runs a step with retries. A failure is recorded as a result, so that it is the same on replay. */
    async function run(operation: Operation, step: OperationStep): Promise<OperationError | null> {
      const attempts = async (token: symbol): Promise<OperationError | null> => {
        const outcome = await attempt(operation, step, { ...options, ending, parked: () => parked });
        if (outcome !== 'parked') return outcome;
        active.delete(token);
        return never();
      };
      const error = await start(step.name, (token) =>
        records.run(step.name, () => behindFence(check, () => attempts(token))),
      );
      await done(operation, step.name);
      return error;
    }

    return { write, run };
  }

  /** Starts no further steps, and waits up to `graceSeconds` for the running ones. */
  async function park(graceSeconds: number): Promise<void> {
    parked = true;
    const deadline = Date.now() + graceSeconds * 1000;
    while (active.size > 0 && Date.now() < deadline) await delay(20);
  }

  return { open, done, park };
}

/** What the names of steps begin with that clean up after a failure. */
export const UNDO = 'undo-';

const never = (): Promise<never> => new Promise(() => {});

/**
 * Tries a step until it succeeds (null), fails for good (the error), or the process shuts down: then no result is
 * recorded, and the next process tries again.
 */
async function attempt(
  operation: Operation,
  step: OperationStep,
  options: StepRunnerOptions & { ending: Ending; parked: () => boolean },
): Promise<OperationError | null | 'parked'> {
  const { ending, parked, endPatience = END_PATIENCE } = options;
  const cleansUp = step.name.startsWith(UNDO);
  const isOver = () => ending.isRequested && !cleansUp;
  const deadline = Date.now() + (options.retrySeconds ?? 120) * 1000;
  const progress = (message: string, percent?: number) => {
    reportProgress(options.database.db, operation.id, message, percent).catch((cause) =>
      logFailure(options.log, cause, 'progress not written', { operation: operation.id }),
    );
  };
  for (let pause = 250; ; pause = Math.min(pause * 2, 8000)) {
    if (isOver()) return ENDED;
    try {
      await passFence();
      const run = (): Promise<void> => step.run(operation, progress);
      const work = () => options.aroundStep?.(operation, step.name, run) ?? run();
      await ending.limit(endPatience[cleansUp ? 'undo' : 'step'], work);
      return null;
    } catch (cause) {
      if (cause instanceof GivenUp) return ENDED;
      const about = { operation: operation.id, step: step.name };
      if (cause instanceof FencedOff) {
        options.log.warn(about, 'another worker has taken the operation over');
        throw new DBOSWorkflowConflictError(operation.id);
      }
      // A permanent refusal by the data plane ends the operation, and the customer is told why.
      if (cause instanceof DataPlaneError) options.log.warn({ err: cause, ...about }, 'step failed');
      else logFailure(options.log, cause, 'step failed', about);
      const error = describeFailure(cause);
      if (parked()) return 'parked';
      if (!error.retryable || Date.now() + pause > deadline) return error;
      await Promise.race([delay(pause), ...(cleansUp ? [] : [ending.requested])]);
    }
  }
}

/** The error for the customer: the data plane's public message, or an internal error for anything else. */
function describeFailure(cause: unknown): OperationError {
  if (cause instanceof DataPlaneError) {
    return { code: cause.code, message: cause.publicMessage, retryable: cause.retryable };
  }
  return {
    code: 'internal',
    message:
      'Something went wrong on our side. Try again; if it persists, tell the operator the operation id.',
    retryable: databaseOutage(cause) !== null,
  };
}
