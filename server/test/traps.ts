import { DBOS } from '@dbos-inc/dbos-sdk';
import type { SimFaults, SimVerb } from '../src/dataplane/sim/faults.ts';
import type { Operation } from '../src/operations/operation.ts';

/**
 * A moment of an operation: that step is recorded; around the first try of a step; around the first call of that verb of
 * the data plane.
 */
export type Point = `step ${string}` | `${'before' | 'after'} ${SimVerb | `step ${string}`}`;

/** What happens at points of operations: it may throw, wait forever, or end the process. */
export interface Traps {
  /** Springs once: for the next operation of the team that gets to the point. */
  set(teamId: number, point: Point, spring: () => void | Promise<void>): void;
  /** Both for the runtime. */
  aroundStep(operation: Operation, step: string, run: () => Promise<void>): Promise<void>;
  afterStep(operation: Operation, step: string): Promise<void>;
  /** Has the verbs of the simulated data plane watched. */
  watch(faults: SimFaults): void;
}

/**
 * Traps for the operations of one process. Verbs that reconcilers call do not count: DBOS knows in which workflow a
 * call is made, and each operation is the workflow of its id.
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
