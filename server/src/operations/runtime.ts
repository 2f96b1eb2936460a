import { DBOS } from '@dbos-inc/dbos-sdk';
import type pg from 'pg';
import { openPool, type Tx } from '../db/database.ts';
import { startWakeUp, type WakeUp } from '../db/wake-up.ts';
import { databaseOutage } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';
import { fitting } from './arguments.ts';
import { dequeue } from './dequeue.ts';
import { type Ending, Endings } from './ending.ts';
import { WorkerLease } from './lease.ts';
import type { Operation, OperationError, OperationWorkflow, OperationWorkflows } from './operation.ts';
import {
  beginOperation,
  endOperation,
  promoteOperation,
  QUEUE_CHANNEL,
  QUEUE_NAME,
  queuedOperations,
  WORKFLOW_NAME,
} from './operations-store.ts';
import { createStepRunner, type StepRunner, type StepRunnerOptions, UNDO } from './step-runner.ts';

/**
 * Version of the step sequences. DBOS replays a workflow only on the version that started it. Raise it whenever the
 * order or the names of steps change; operations of the older version must have ended by then.
 */
const WORKFLOW_VERSION = '2';

/** Maximum of concurrent operations in a process, and the share of it that one team may have. */
const CONCURRENCY = 100;
const TEAM_SHARE = 0.25;
/** Interval of polling for new work, in case a notification was lost. */
const POLL_MS = 1000;

/** Size of DBOS's connection pool. */
const POOL_SIZE = 10;
/** PostgreSQL ends a transaction that was idle for this long, which releases its locks. */
const IDLE_IN_TRANSACTION_MS = 60_000;

export interface RuntimeOptions extends StepRunnerOptions {
  databaseUrl: string;
  workflows: OperationWorkflows;
  /** Stable over restarts of an install, and unique per server: identifies the interrupted work to resume. */
  executorId: string;
  /** Maximum of concurrent operations in this process. */
  concurrency?: number;
  /** Maximum of concurrent operations of one team, in all processes together; a quarter of `concurrency` by default. */
  perTeam?: number;
  /** Milliseconds between two polls for new work. */
  pollMs?: number;
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
  const ids = pending.map((workflow) => workflow.workflowID);
  await DBOS.resumeWorkflows(ids, { queueName: QUEUE_NAME });
  return pending.length;
}

/** Runs operations as durable workflows. One per process: DBOS keeps its registry globally. */
export function createRuntime(options: RuntimeOptions): WorkflowRuntime {
  const { database, databaseUrl, executorId, log } = options;
  const lease = new WorkerLease(database, executorId);
  const steps = createStepRunner(options, lease);
  const endings = new Endings();
  let wakeUp: WakeUp | null = null;
  let pool: pg.Pool | null = null;

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
        executorID: executorId,
        applicationVersion: WORKFLOW_VERSION,
        useListenNotify: false,
        // DBOS polls no queue of ours: `dequeue` does.
        listenQueues: [],
        logger: dbosLogger(log),
      });
      DBOS.registerWorkflow(operationRunner(options, steps, endings), {
        name: WORKFLOW_NAME,
        maxRecoveryAttempts: 1000,
      });
      await lease.renew();
      lease.keep(log);
      await DBOS.launch();
      wakeUp = startWorking(pool, options, endings);
    },
    async shutdown(graceSeconds = 10) {
      await wakeUp?.stop();
      await steps.park(graceSeconds);
      lease.stop();
      await DBOS.shutdown({ deregister: true });
      await pool?.end();
    },
  };
}

/** Starts operations whenever there are new ones, and those that wait for room every 100 ms; and ends those that are to end. */
function startWorking(
  pool: pg.Pool,
  { databaseUrl, database, log, ...options }: RuntimeOptions,
  endings: Endings,
): WakeUp {
  const { concurrency = CONCURRENCY, perTeam = Math.ceil(concurrency * TEAM_SHARE) } = options;
  const wakeUpOptions = { databaseUrl, channel: QUEUE_CHANNEL, log, lookEvery: options.pollMs ?? POLL_MS };
  const wakeUp = startWakeUp(wakeUpOptions, async () => {
    if (await dequeue(pool, { version: WORKFLOW_VERSION, concurrency, perTeam })) wakeUp.wake();
    await endings.look(database.db);
  });
  return wakeUp;
}

/** The workflow that carries out an operation, from `begin` to `end`. */
function operationRunner(options: RuntimeOptions, runner: StepRunner, endings: Endings) {
  return async (operationId: string): Promise<void> => {
    const ending = endings.begin(operationId);
    try {
      await carryOut(operationId, options, runner, ending);
    } finally {
      endings.forget(operationId);
    }
  };
}

async function carryOut(
  operationId: string,
  { workflows, log }: RuntimeOptions,
  runner: StepRunner,
  ending: Ending,
): Promise<void> {
  const steps = await runner.open(operationId, ending);
  const operation = await steps.write('begin', async (tx) => {
    const begun = await beginOperation(tx, operationId);
    if (begun) await workflowOf(workflows, begun).begin(tx, begun);
    return begun;
  });
  if (!operation) return;
  const workflow = workflowOf(workflows, operation);
  await runner.done(operation, 'begin');

  let error: OperationError | null = null;
  for (const step of workflow.steps) {
    error = await steps.run(operation, step);
    if (error) break;
  }
  if (error) {
    for (const step of workflow.undo) await steps.run(operation, { ...step, name: `${UNDO}${step.name}` });
  }
  await steps.write('end', (tx) => finishOperation(tx, workflows, operation, error));
  await runner.done(operation, 'end');
  log.info(
    { operation: operation.id, kind: `${operation.resourceType}.${operation.kind}`, error },
    'operation ended',
  );
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
