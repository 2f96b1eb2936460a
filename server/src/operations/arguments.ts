import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { Operation, OperationDefinition, OperationWorkflow } from './operation.ts';

/** Throws where the arguments of a new operation do not match the schema, which is an error of the caller. */
export function assertArgs({ kind, args: schema }: OperationDefinition, args: unknown): void {
  if (!Value.Check(schema, args))
    throw new Error(`Arguments of "${kind}" that do not fit: ${faults(schema, args)}`);
}

/** The operation, if it is of that kind and its arguments match the schema; otherwise undefined. */
export function asOperation<Args extends TSchema>(
  { kind, args: schema }: OperationDefinition<Args>,
  operation: Operation,
): Operation<Static<Args>> | undefined {
  const { args } = operation;
  return operation.kind === kind && Value.Check(schema, args) ? { ...operation, args } : undefined;
}

/**
 * The workflow, or one that fails at once where the operation's recorded arguments do not match the schema: another
 * version of Danube may have recorded them.
 */
export function fitting(workflow: OperationWorkflow, { args }: Operation): OperationWorkflow {
  if (Value.Check(workflow.args, args)) return workflow;
  const nothing = async (): Promise<void> => {};
  const refuse = async (): Promise<void> => {
    throw new DataPlaneError(
      'failed',
      'What was asked for was recorded in a way that this version of Danube does not understand. Ask for it again.',
      { detail: faults(workflow.args, args) },
    );
  };
  return {
    args: workflow.args,
    begin: nothing,
    steps: [{ name: 'arguments', run: refuse }],
    undo: [],
    succeed: nothing,
    fail: workflow.reject ?? nothing,
  };
}

const faults = (schema: TSchema, args: unknown): string =>
  Value.Errors(schema, args)
    .map(({ instancePath, message }) => `${instancePath || 'they'} ${message}`)
    .join(', ');
