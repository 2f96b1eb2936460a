import { type Static, type TSchema, Type } from 'typebox';
import type { Queryable, Tx } from '../db/database.ts';
import type { Progress } from '../lib/progress.ts';

/** One kind of operation, as those who ask for it and those who carry it out know it. */
export interface OperationDefinition<Args extends TSchema = TSchema> {
  kind: string;
  /**
   * What its arguments must look like. They are stored as JSON, and nothing in them may be secret. An argument that is
   * added later is optional, so that operations which were accepted before it still fit.
   */
  args: Args;
}

/** For operations without arguments. */
export const NO_ARGS = Type.Object({});

/** The arguments that an operation of this definition has. */
export type ArgsOf<Definition extends OperationDefinition> = Static<Definition['args']>;

/** What a workflow knows about the operation it carries out. Nothing secret: it is recorded with the workflow. */
export interface Operation<Args = unknown> {
  id: string;
  teamId: number;
  resourceType: string;
  resourceId: string;
  kind: string;
  args: Args;
}

/** Why an operation failed, fit for the customer. */
export interface OperationError {
  code: string;
  message: string;
  retryable: boolean;
}

/** One durable step. It may run more than once, so it must leave the same state every time. */
export interface OperationStep<Args = unknown> {
  name: string;
  run: (operation: Operation<Args>, progress: Progress) => Promise<void>;
}

/**
 * How one kind of operation on one type of resource is carried out. Left out, `Args` is any: the runtime has checked
 * the arguments against `args` before it calls anything here.
 */
// biome-ignore lint/suspicious/noExplicitAny: workflows with arguments of every shape are kept in one list
export interface OperationWorkflow<Args = any> {
  /** What its arguments must look like. */
  args: TSchema;
  /** Marks the resource as being worked on. May run more than once, like a step. */
  begin: (db: Queryable, operation: Operation<Args>) => Promise<void>;
  steps: readonly OperationStep<Args>[];
  /** Run after a failed step, in order, so that nothing is left behind. */
  undo: readonly OperationStep<Args>[];
  /** Writes the outcome to the resource; same transaction as the operation's end. */
  succeed: (tx: Tx, operation: Operation<Args>) => Promise<void>;
  fail: (tx: Tx, operation: Operation<Args>, error: OperationError) => Promise<void>;
  /** In place of all these, for an operation that was not begun because the one before it failed; same transaction. */
  abandon?: (tx: Tx, operation: Operation<Args>, error: OperationError) => Promise<void>;
  /** In place of all these, for an operation whose arguments do not fit; same transaction. */
  reject?: (tx: Tx, operation: Operation, error: OperationError) => Promise<void>;
  /** True: nobody counted on this operation, and those that wait behind it are carried out even if it failed. */
  isOptional?: (operation: Operation<Args>) => boolean;
}

/** Resource type, then kind of operation: `workflows.vps.create`. */
export type OperationWorkflows = Record<string, Record<string, OperationWorkflow>>;
