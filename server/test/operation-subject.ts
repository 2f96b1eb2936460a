import assert from 'node:assert/strict';
import type { OperationWorkflow } from '../src/operations/operation.ts';
import type { Answer, Call } from './client.ts';
import { waitFor } from './harness.ts';
import type { AnyVerb } from './traps.ts';

/** The operations of a resource, for fault tests. */
export interface OperationSubject<Kind extends string> {
  /** Used in test names, for example `VPS`. */
  name: string;
  /** By kind of operation; only the names of the steps are used. */
  workflows: Record<Kind, Pick<OperationWorkflow, 'steps'>>;
  /**
   * The verbs of data plane or object store that a step calls, by `KIND STEP` where they depend on the kind, else by `STEP`; an empty list
   * where it calls none.
   */
  verbs: Record<string, AnyVerb[]>;
  /** Creates what the operation needs; returns the id for {@link start}. */
  prepare(call: Call, kind: Kind, name: string): Promise<string>;
  /** Sends the request that starts the operation. */
  start(call: Call, kind: Kind, id: string): ReturnType<Call>;
  /** Resolves once the result of the operation is visible. */
  succeeded(call: Call, kind: Kind, id: string, answer: Answer): Promise<void>;
  /** Does what must still be possible after the operation has failed. */
  recover(call: Call, kind: Kind, id: string, answer: Answer): Promise<void>;
}

/** The fault tests of one kind of operation. */
export interface Plan<Kind extends string> {
  kind: Kind;
  steps: { name: string; verbs: AnyVerb[] }[];
}

/**
 * The tests to run. Throws for a step without an entry in `verbs`: steps are read from the code, so that new ones are
 * always tested.
 */
export const plansOf = <Kind extends string>({
  name,
  workflows,
  verbs,
}: OperationSubject<Kind>): Plan<Kind>[] =>
  Object.entries<Pick<OperationWorkflow, 'steps'>>(workflows).map(([kind, workflow]) => ({
    kind: kind as Kind,
    steps: workflow.steps.map((step) => {
      const called = verbs[`${kind} ${step.name}`] ?? verbs[step.name];
      if (called) return { name: step.name, verbs: called };
      throw new Error(
        `Step "${step.name}" of "${kind}" of ${name}: list the verbs of the data plane that it calls in "verbs", or [].`,
      );
    }),
  }));

/** Waits until the operation in a response has ended, and resolves to it. */
export const ended = (call: Call, { status, body }: Answer, seconds?: number) => {
  assert.ok(status < 300, JSON.stringify(body));
  const hasEnded = async () => {
    const answer = await call('GET', `/operations/${body.operation_id}?wait=60`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.data.terminal && answer.body.data;
  };
  return waitFor('the operation to end', hasEnded, seconds);
};
