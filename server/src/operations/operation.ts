import { type Static, type TSchema, Type } from 'typebox';
import type { Queryable, Tx } from '../db/database.ts';
import type { Progress } from '../lib/progress.ts';

/** A kind of operation, as its requesters and its workflow know it. */
export interface OperationDefinition<Args extends TSchema = TSchema> {
  kind: string;
  /**
   * The schema of the arguments. They are stored as JSON and must hold no secrets. An argument added later must be
   * optional, so that operations accepted earlier still match.
   */
  args: Args;
}

/** For operations without arguments. */
export const NO_ARGS = Type.Object({});

/** The arguments that an operation of this definition has. */
export type ArgsOf<Definition extends OperationDefinition> = Static<Definition['args']>;

/** What a workflow knows of its operation. Must hold no secrets: DBOS records it. */
export interface Operation<Args = unknown> {
  id: string;
  teamId: number;
  resourceType: string;
  resourceId: string;
  kind: string;
  args: Args;
}

/** Why an operation failed, in words for the customer. */
export interface OperationError {
  code: string;
  message: string;
  retryable: boolean;
}

/** One durable step. It may run more than once, so it must be idempotent. */
export interface OperationStep<Args = unknown> {
  name: string;
  run: (operation: Operation<Args>, progress: Progress) => Promise<void>;
}

/**
 * How one kind of operation on one type of resource is executed. The default of `Args` is any, since the runtime checks
 * the arguments against `args` before it calls anything here.
 */
// biome-ignore lint/suspicious/noExplicitAny: workflows with arguments of every shape are kept in one list
export interface OperationWorkflow<Args = any> {
  /** The schema of the arguments. */
  args: TSchema;
  /** Marks the resource as in progress. May run more than once, like a step. */
  begin: (db: Queryable, operation: Operation<Args>) => Promise<void>;
  steps: readonly OperationStep<Args>[];
  /** Runs after a failed step, in order, to clean up. */
  undo: readonly OperationStep<Args>[];
  /** Writes the outcome to the resource, in the transaction that ends the operation. */
  succeed: (tx: Tx, operation: Operation<Args>) => Promise<void>;
  fail: (tx: Tx, operation: Operation<Args>, error: OperationError) => Promise<void>;
  /** Runs instead, in the same transaction, where the operation was not begun because the one before it failed. */
  abandon?: (tx: Tx, operation: Operation<Args>, error: OperationError) => Promise<void>;
  /** Runs instead, in the same transaction, where the operation's arguments do not match the schema. */
  reject?: (tx: Tx, operation: Operation, error: OperationError) => Promise<void>;
  /** True: after a failure, the same can be asked for again with the same arguments, see `retry.ts`. */
  isRepeatable?: boolean;
  /** True: operations waiting behind this one are executed even if it fails. */
  isOptional?: (operation: Operation<Args>) => boolean;
}

/** Workflows by resource type and kind of operation: `workflows.vps.create`. */
export type OperationWorkflows = Record<string, Record<string, OperationWorkflow>>;
