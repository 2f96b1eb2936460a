import { setTimeout as delay } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { type Database, openPool, type Tx } from '../db/database.ts';
import { databaseOutage, logFailure } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';
import { fitting } from './arguments.ts';
import { dequeue } from './dequeue.ts';
import type {
  Operation,
  OperationError,
  OperationStep,
  OperationWorkflow,
  OperationWorkflows,
} from './operation.ts';
import {
  beginOperation,
  endOperation,
  promoteOperation,
  QUEUE_CHANNEL,
  QUEUE_NAME,
  queuedOperations,
  reportProgress,
  WORKFLOW_NAME,
} from './operations-store.ts';
import { startWakeUp, type WakeUp } from './wake-up.ts';

/**
 * Version of the step sequences. DBOS replays a workflow only on the version that started it. Raise it whenever the
 * order or the names of steps change; operations of the older version must have ended by then.
 */
const WORKFLOW_VERSION = '2';

/** Interval of polling for new work, in case a notification was lost. */
const POLL_MS = 1000;

/** Size of DBOS's connection pool. */
const POOL_SIZE = 10;
/** PostgreSQL ends a transaction that was idle for this long, which releases its locks. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** For the steps that only write to our tables. The data plane's steps have their own policy, see `attempt`. */
const DATABASE_RETRIES = { retriesAllowed: true, maxAttempts: 8, intervalSeconds: 0.2 } as const;

export interface RuntimeOptions {
  database: Database;
  databaseUrl: string;
  workflows: OperationWorkflows;
  /** Stable over restarts of an install, and unique per server: identifies the interrupted work to resume. */
  executorId: string;
  log: Log;
  /** Maximum of concurrent operations in this process. */
  concurrency?: number;
  /** Seconds for which a step is retried while the data plane is unreachable. */
  retrySeconds?: number;
  /** Milliseconds between two polls for new work. */
  pollMs?: number;
  /** For tests: called instead of each attempt of a step, which `run` makes. */
  aroundStep?: (operation: Operation, step: string, run: () => Promise<void>) => Promise<void>;
  /** For tests: called after each recorded step. */
  afterStep?: (operation: Operation, step: string) => void | Promise<void>;
}

export interface WorkflowRuntime {
  /** Resumes interrupted work and starts to run new work. */
  launch(): Promise<void>;
  /** Waits up to `graceSeconds` for running steps, and starts no further ones. The next launch resumes. */
  shutdown(graceSeconds?: number): Promise<void>;
}

/** Creates or updates the tables that DBOS keeps workflows in (schema `dbos`, same database). */
export async function migrateWorkflows(databaseUrl: string): Promise<void> {
  await DBOS.migrate(databaseUrl);
}

/** Lets living workers resume the workflows of dead ones. Returns their number. */
export async function takeOverWorkflows(deadExecutorIds: string[]): Promise<number> {
  if (deadExecutorIds.length === 0) return 0;
  const pending = await DBOS.listWorkflows({ executorId: deadExecutorIds, status: 'PENDING' });
  await DBOS.resumeWorkflows(pending.map((workflow) => workflow.workflowID));
  return pending.length;
}

/** Runs operations as durable workflows. One per process: DBOS keeps its registry globally. */
export function createRuntime(options: RuntimeOptions): WorkflowRuntime {
  const { databaseUrl, log } = options;
  const steps = createStepRunner(options);
  let wakeUp: WakeUp | null = null;
  let pool: ReturnType<typeof openPool> | null = null;

  return {
    async launch() {
      pool = openPool(databaseUrl, {
        max: POOL_SIZE,
        idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      });
      DBOS.setConfig({
        name: 'danube',
        systemDatabaseUrl: databaseUrl,
        systemDatabasePool: pool,
        executorID: options.executorId,
        applicationVersion: WORKFLOW_VERSION,
        useListenNotify: false,
        logger: dbosLogger(log),
      });
      DBOS.registerWorkflow(operationRunner(options, steps), {
        name: WORKFLOW_NAME,
        maxRecoveryAttempts: 1000,
      });
      await DBOS.launch();
      const queue = await DBOS.registerQueue(QUEUE_NAME, {
        workerConcurrency: options.concurrency ?? 100,
        minPollingIntervalMs: options.pollMs ?? POLL_MS,
        onConflict: 'always_update',
      });
      wakeUp = startWakeUp({ databaseUrl, channel: QUEUE_CHANNEL, log }, async () => {
        // Work that was over the limit of concurrency starts when other work ends.
        if (await dequeue(queue, WORKFLOW_VERSION)) wakeUp?.wake();
      });
    },
    async shutdown(graceSeconds = 10) {
      await wakeUp?.stop();
      await steps.park(graceSeconds);
      await DBOS.shutdown({ deregister: true });
      await pool?.end();
    },
  };
}

/** The workflow that carries out an operation, from `begin` to `end`. */
function operationRunner({ database, workflows, log }: RuntimeOptions, steps: StepRunner) {
  return async (operationId: string): Promise<void> => {
    const operation = await steps.record('begin', DATABASE_RETRIES, async () => {
      const begun = await beginOperation(database.db, operationId);
      if (begun) await workflowOf(workflows, begun).begin(database.db, begun);
      return begun;
    });
    if (!operation) return;
    const workflow = workflowOf(workflows, operation);
    await steps.done(operation, 'begin');

    let error: OperationError | null = null;
    for (const step of workflow.steps) {
      error = await steps.run(operation, step);
      if (error) break;
    }
    if (error) {
      for (const step of workflow.undo) await steps.run(operation, { ...step, name: `undo-${step.name}` });
    }
    await steps.record('end', DATABASE_RETRIES, () =>
      database.transaction((tx) => finishOperation(tx, workflows, operation, error)),
    );
    await steps.done(operation, 'end');
    log.info(
      { operation: operation.id, kind: `${operation.resourceType}.${operation.kind}`, error },
      'operation ended',
    );
  };
}

function workflowOf(workflows: OperationWorkflows, operation: Operation): OperationWorkflow {
  const workflow = workflows[operation.resourceType]?.[operation.kind];
  if (!workflow) throw new Error(`No workflow for ${operation.resourceType}.${operation.kind}.`);
  return fitting(workflow, operation);
}

/**
 * Records the outcome and starts the next waiting operation. After a failure the waiting operations fail too, because
 * they assume that this one succeeds; except a deletion, and except after an operation that is optional.
 */
export async function finishOperation(
  tx: Tx,
  workflows: OperationWorkflows,
  operation: Operation,
  error: OperationError | null,
): Promise<void> {
  if (!(await endOperation(tx, operation.id, error))) return;
  const workflow = workflowOf(workflows, operation);
  if (error) await workflow.fail(tx, operation, error);
  else await workflow.succeed(tx, operation);
  const goOn = !error || (workflow.isOptional?.(operation) ?? false);
  for (const next of await queuedOperations(tx, operation.resourceId)) {
    const following = workflowOf(workflows, next);
    if (goOn || next.kind === 'delete') {
      await following.begin(tx, next);
      await promoteOperation(tx, next.id);
      return;
    }
    const reason = {
      code: 'previous_operation_failed',
      message: `Not attempted, because the operation before it failed: ${error?.message}`,
      retryable: true,
    };
    await endOperation(tx, next.id, reason);
    await following.abandon?.(tx, next, reason);
  }
}

type StepRunner = ReturnType<typeof createStepRunner>;

function createStepRunner(options: RuntimeOptions) {
  let parked = false;
  const active = new Set<symbol>();

  /** Runs a step and lets DBOS record its result. After `park`, no step starts, since the process is about to end. */
  async function record<T>(
    name: string,
    retries: typeof DATABASE_RETRIES | Record<string, never>,
    work: (token: symbol) => Promise<T>,
  ): Promise<T> {
    if (parked) return never();
    const token = Symbol(name);
    active.add(token);
    try {
      return await DBOS.runStep(() => work(token), { name, ...retries });
    } finally {
      active.delete(token);
    }
  }

  async function done(operation: Operation, step: string): Promise<void> {
    await options.afterStep?.(operation, step);
  }

  /** Runs a step with retries. A failure is recorded as a result, so that it is the same on replay. */
  async function run(operation: Operation, step: OperationStep): Promise<OperationError | null> {
    const error = await record(step.name, {}, async (token) => {
      const outcome = await attempt(operation, step, options, () => parked);
      if (outcome !== 'parked') return outcome;
      active.delete(token);
      return never();
    });
    await done(operation, step.name);
    return error;
  }

  /** Starts no further steps, and waits up to `graceSeconds` for the running ones. */
  async function park(graceSeconds: number): Promise<void> {
    parked = true;
    const deadline = Date.now() + graceSeconds * 1000;
    while (active.size > 0 && Date.now() < deadline) await delay(20);
  }

  return { record, run, done, park };
}

const never = (): Promise<never> => new Promise(() => {});

/**
 * Tries a step until it succeeds (null), fails for good (the error), or the process shuts down: then no result is
 * recorded, and the next process tries again.
 */
async function attempt(
  operation: Operation,
  step: OperationStep,
  options: RuntimeOptions,
  parked: () => boolean,
): Promise<OperationError | null | 'parked'> {
  const deadline = Date.now() + (options.retrySeconds ?? 120) * 1000;
  const progress = (message: string, percent?: number) => {
    reportProgress(options.database.db, operation.id, message, percent).catch((cause) =>
      logFailure(options.log, cause, 'progress not written', { operation: operation.id }),
    );
  };
  for (let pause = 250; ; pause = Math.min(pause * 2, 8000)) {
    try {
      const run = (): Promise<void> => step.run(operation, progress);
      await (options.aroundStep?.(operation, step.name, run) ?? run());
      return null;
    } catch (cause) {
      const about = { operation: operation.id, step: step.name };
      // A permanent refusal by the data plane ends the operation, and the customer is told why.
      if (cause instanceof DataPlaneError) options.log.warn({ err: cause, ...about }, 'step failed');
      else logFailure(options.log, cause, 'step failed', about);
      const error = describeFailure(cause);
      if (parked()) return 'parked';
      if (!error.retryable || Date.now() + pause > deadline) return error;
      await delay(pause);
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

function dbosLogger(log: Log) {
  const child = log.child({ part: 'workflows' });
  const text = (entry: unknown) => (entry instanceof Error ? (entry.stack ?? entry.message) : String(entry));
  return {
    info: (entry: unknown) => child.debug(text(entry)),
    debug: (entry: unknown) => child.trace(text(entry)),
    warn: (entry: unknown) => child.warn(text(entry)),
    error: (entry: unknown) =>
      databaseOutage(entry) === 'away' ? child.warn(String(entry)) : child.error(text(entry)),
  };
}
