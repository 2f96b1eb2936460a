import { DBOS } from '@dbos-inc/dbos-sdk';
import type { SimFaults, SimVerb } from '../src/dataplane/sim/faults.ts';
import type { StoreVerb } from '../src/object-store/sim/core.ts';
import type { Operation } from '../src/operations/operation.ts';

/** A verb of the simulated data plane, or of the simulated object store. */
export type AnyVerb = SimVerb | StoreVerb;

/**
 * A point in an operation: after a step is recorded; around the first attempt of a step; or around the first call of a
 * data plane verb.
 */
export type Point = `step ${string}` | `${'before' | 'after'} ${AnyVerb | `step ${string}`}`;

/** Actions at points of operations: they may throw, wait for ever, or end the process. */
export interface Traps {
  /** Runs `spring` once, for the next operation of the team that reaches the point. */
  set(teamId: number, point: Point, spring: () => void | Promise<void>): void;
  /** Options for the runtime. */
  aroundStep(operation: Operation, step: string, run: () => Promise<void>): Promise<void>;
  afterStep(operation: Operation, step: string): Promise<void>;
  /** Watches the verbs of the simulated data plane, or of the simulated object store. */
  watch<Verb extends AnyVerb>(faults: SimFaults<Verb>): void;
}

/**
 * Traps for the operations of one process. Verbs called by reconcilers do not count: DBOS knows the workflow of each
 * call, whose id is the operation's.
 */
export function createTraps(): Traps {
  const springs = new Map<string, () => void | Promise<void>>();
  const teams = new Map<string, number>();
  const reach = async (teamId: number | undefined, point: Point): Promise<void> => {
    const key = `${teamId} ${point}`;
    const spring = springs.get(key);
    springs.delete(key);
    await spring?.();
  };
  return {
    set: (teamId, point, spring) => void springs.set(`${teamId} ${point}`, spring),
    async aroundStep({ teamId }, step, run) {
      await reach(teamId, `before step ${step}`);
      await run();
      await reach(teamId, `after step ${step}`);
    },
    afterStep({ id, teamId }, step) {
      teams.set(id, teamId);
      return reach(teamId, `step ${step}`);
    },
    watch(faults) {
      const teamOfCall = () => teams.get(DBOS.workflowID ?? '');
      faults.before((verb) => reach(teamOfCall(), `before ${verb}`));
      faults.after((verb) => reach(teamOfCall(), `after ${verb}`));
    },
  };
}
