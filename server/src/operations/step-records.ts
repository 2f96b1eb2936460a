import { currentOwnerXid, functionIDGetIncrement } from '@dbos-inc/dbos-sdk/internal/context';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import {
  DBOSStepNondeterminismError,
  DBOSUnexpectedStepError,
  DBOSWorkflowConflictError,
} from '@dbos-inc/dbos-sdk/internal/error';
import { withDbRetry } from '@dbos-inc/dbos-sdk/internal/system_database';
import type pg from 'pg';
import { inTransaction } from '../db/in-transaction.ts';

/** A row of DBOS's table of results. */
interface Recorded {
  function_name: string;
  output: string | null;
  error: string | null;
  serialization: string | null;
}

/** What a step has returned. Times are Unix milliseconds. */
interface Result {
  number: number;
  name: string;
  result: unknown;
  startedAt: number;
  endedAt: number;
}

/**
 * The results of a workflow's steps, in DBOS's table of them and as DBOS writes them: what it has recorded is not run
 * again. DBOS's own calls ask before each step what is recorded, and who owns the workflow in a transaction of four
 * statements. Here a step costs one statement. All results are read when an execution of the workflow begins, and that
 * is enough: only the execution that owns the workflow can add to them.
 *
 * These are internals of the exact version in `package.json`.
 */
export class StepRecords {
  readonly #workflowId: string;
  readonly #owner: string | null | undefined;
  readonly #executor = DBOSExecutor.globalInstance!;
  #known = new Map<number, Recorded>();

  private constructor(workflowId: string) {
    this.#workflowId = workflowId;
    this.#owner = currentOwnerXid(workflowId);
  }

  /**
   * The records of a workflow of which an execution begins. Like the other calls, it belongs within the workflow, is tried
   * again while the database is unreachable, and throws where another execution owns the workflow.
   */
  static async read(workflowId: string): Promise<StepRecords> {
    const records = new StepRecords(workflowId);
    await withDbRetry(() => records.#read());
    return records;
  }

  /** Runs a step and records its result, or returns what is recorded of it. */
  async run<T>(name: string, step: () => Promise<T>): Promise<T> {
    const number = functionIDGetIncrement();
    const known = this.#known.get(number);
    if (known) return this.#revive<T>(number, name, known);
    const startedAt = Date.now();
    const result = await step();
    const endedAt = Date.now();
    await withDbRetry(() => this.#write(this.#pool, { number, name, result, startedAt, endedAt }));
    return result;
  }

  /** The same for a step that only writes to the database, in the transaction that records its result. */
  write<T>(name: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const number = functionIDGetIncrement();
    let attempts = 0;
    return withDbRetry(async () => {
      attempts += 1;
      // The one before may have been committed, although its connection was lost.
      if (attempts > 1) await this.#read();
      const known = this.#known.get(number);
      if (known) return this.#revive<T>(number, name, known);
      const startedAt = Date.now();
      return inTransaction(this.#pool, async (client) => {
        const result = await work(client);
        await this.#write(client, { number, name, result, startedAt, endedAt: Date.now() });
        return result;
      });
    });
  }

  /** Whether this execution still owns the workflow, and no other process has taken it over. */
  async isOwned(): Promise<boolean> {
    const { rows } = await this.#pool.query(
      'select from dbos.workflow_status where workflow_uuid = $1 and owner_xid = $2',
      [this.#workflowId, this.#owner],
    );
    return rows.length > 0;
  }

  get #pool(): pg.Pool {
    return this.#executor.systemDatabase.pool;
  }

  async #read(): Promise<void> {
    const { rows } = await this.#pool.query(
      `select owner_xid, function_id, function_name, o.output, o.error, o.serialization
       from dbos.workflow_status w left join dbos.operation_outputs o using (workflow_uuid)
       where workflow_uuid = $1`,
      [this.#workflowId],
    );
    if (rows[0]?.owner_xid !== this.#owner) throw new DBOSWorkflowConflictError(this.#workflowId);
    this.#known = new Map(
      rows.filter((row) => row.function_id !== null).map((row) => [row.function_id, row]),
    );
  }

  #revive<T>(number: number, name: string, { function_name, ...recorded }: Recorded): Promise<T> {
    if (function_name !== name) {
      throw new DBOSUnexpectedStepError(this.#workflowId, number, name, function_name);
    }
    return DBOSExecutor.reviveResultOrError<T>(recorded, this.#executor.serializer);
  }

  /** Throws where another execution owns the workflow, for example because this process was taken for dead. */
  async #write(
    client: pg.Pool | pg.PoolClient,
    { number, name, result, startedAt, endedAt }: Result,
  ): Promise<void> {
    const id = this.#workflowId;
    const output = await this.#executor.serializer.stringify(result ?? null);
    const { appName = null } = this.#executor.systemDatabase;
    const { rows } = await client.query(RECORD, [
      id,
      this.#owner,
      number,
      name,
      output,
      startedAt,
      endedAt,
      appName,
    ]);
    if (rows.length === 0) throw new DBOSWorkflowConflictError(id);
    // A repetition of this very write finds its own row. Another row means that the steps have changed.
    if (Number(rows[0].completed_at_epoch_ms) !== endedAt) throw new DBOSStepNondeterminismError(id, number);
  }
}

/** The lock keeps the workflow with its owner until the record is committed. */
const RECORD = `
  with owned as (
    select from dbos.workflow_status where workflow_uuid = $1 and owner_xid = $2 for no key update)
  insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output, started_at_epoch_ms,
    completed_at_epoch_ms, application_name, retention_timestamp)
  select $1, $3, $4, $5, $6, $7, $8, (extract(epoch from now()) * 1000)::bigint from owned
  on conflict (workflow_uuid, function_id)
    do update set completed_at_epoch_ms = operation_outputs.completed_at_epoch_ms
  returning completed_at_epoch_ms`;
