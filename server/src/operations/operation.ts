import type { Queryable, Tx } from '../db/database.ts';
import type { Progress } from '../lib/progress.ts';

/** What a workflow knows about the operation it carries out. Nothing secret: it is recorded with the workflow. */
export interface Operation {
  id: string;
  teamId: number;
  resourceType: string;
  resourceId: string;
  kind: string;
  args: Record<string, unknown>;
}

/** Why an operation failed, fit for the customer. */
export interface OperationError {
  code: string;
  message: string;
  retryable: boolean;
}

/** One durable step. It may run more than once, so it must leave the same state every time. */
export interface OperationStep {
  name: string;
  run(operation: Operation, progress: Progress): Promise<void>;
}

/** How one kind of operation on one type of resource is carried out. */
export interface OperationWorkflow {
  /** Marks the resource as being worked on. May run more than once, like a step. */
  begin(db: Queryable, operation: Operation): Promise<void>;
  steps: readonly OperationStep[];
  /** Run after a failed step, in order, so that nothing is left behind. */
  undo: readonly OperationStep[];
  /** Writes the outcome to the resource; same transaction as the operation's end. */
  succeed(tx: Tx, operation: Operation): Promise<void>;
  fail(tx: Tx, operation: Operation, error: OperationError): Promise<void>;
  /** In place of all these, for an operation that was not begun because the one before it failed; same transaction. */
  abandon?(tx: Tx, operation: Operation, error: OperationError): Promise<void>;
  /** True: nobody counted on this operation, and those that wait behind it are carried out even if it failed. */
  isOptional?(operation: Operation): boolean;
}

/** Resource type, then kind of operation: `workflows.vps.create`. */
export type OperationWorkflows = Record<string, Record<string, OperationWorkflow>>;
