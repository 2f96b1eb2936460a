import assert from 'node:assert/strict';
import type { SimVerb } from '../src/dataplane/sim/faults.ts';
import type { OperationWorkflow } from '../src/operations/operation.ts';
import type { Answer, Call } from './client.ts';
import { waitFor } from './harness.ts';

/** Operations that are put through every failure. */
export interface OperationSubject<Kind extends string> {
  /** For the names of tests, for example `VPS`. */
  name: string;
  /** By kind of operation; only the names of the steps are read. */
  workflows: Record<Kind, Pick<OperationWorkflow, 'steps'>>;
  /**
   * The data plane's verbs that a step calls, by `KIND STEP` where it depends on the kind, else by `STEP`; none for a step
   * that calls none.
   */
  verbs: Record<string, SimVerb[]>;
  /** Makes what the operation needs; returns what {@link start} is to know it by. */
  prepare(call: Call, kind: Kind, name: string): Promise<string>;
  /** Sends the request that starts the operation. */
  start(call: Call, kind: Kind, id: string): ReturnType<Call>;
  /** Resolves once what the operation leads to shows. */
  succeeded(call: Call, kind: Kind, id: string, answer: Answer): Promise<void>;
  /** Does what must still be possible after the operation has failed. */
  recover(call: Call, kind: Kind, id: string, answer: Answer): Promise<void>;
}

/** One kind of operation as it is tested. */
export interface Plan<Kind extends string> {
  kind: Kind;
  steps: { name: string; verbs: SimVerb[] }[];
}

/**
 * What is to be tested. Throws where the verbs of a step are not known: the steps come from the code itself, so that a new
 * one cannot be forgotten.
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

/** Waits until the operation that an answer tells of has ended; resolves to the operation. */
export const ended = (call: Call, { status, body }: Answer, seconds?: number) => {
  assert.ok(status < 300, JSON.stringify(body));
  const hasEnded = async () => {
    const answer = await call('GET', `/operations/${body.operation_id}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.data.terminal && answer.body.data;
  };
  return waitFor('the operation to end', hasEnded, seconds);
};
