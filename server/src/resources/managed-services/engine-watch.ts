import { sql } from 'kysely';
import type { Compute } from '../../dataplane/contract/compute.ts';
import type { Database } from '../../db/database.ts';
import type { Finding } from '../../instances/diagnosis.ts';
import { createAsk } from '../../instances/single-flight.ts';
import type { Log } from '../../lib/log.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { forEachRow } from '../../reconcilers/rows.ts';
import { unreachable } from './diagnosis.ts';
import { engineFinding } from './engine-findings.ts';
import { EngineWitness } from './engine-witness.ts';
import { factsOf } from './facts.ts';
import { KINDS, type Kind } from './kinds.ts';
import { listUnwatched, type ManagedService, updateService } from './store.ts';

/** Engines that are asked in one pass, those first that were not for longest: each costs the host a few processes. */
const AT_ONCE = 5;
/** Seconds after which an engine is asked again. */
const EVERY = 15;

/**
 * Asks engines that should be running whether they answer, so that the status of an instance says what its clients
 * find. What is wrong is kept in `engine_problem` until the engine answers, or the status changes.
 */
export function engineWatch(database: Database, plane: Compute, log: Log): Reconciler {
  const witness = new EngineWitness(plane, createAsk());
  return {
    name: 'engines',
    everySeconds: 5,
    async run() {
      const due = await listUnwatched(database.db, EVERY, AT_ONCE);
      await forEachRow(due, ({ id }) => id, watch);
    },
  };

  async function watch(row: ManagedService): Promise<void> {
    const problem = await problemOf(witness, row).catch(async (error: unknown) => {
      // Its turn is after the others', or it would keep them from theirs.
      await updateService(database.db, row.id, { engine_checked_at: sql<Date>`now()` });
      throw error;
    });
    const present = row.engine_problem as Finding | null;
    if (problem?.code !== present?.code) {
      const subject = { [row.kind]: row.id, was: present?.code ?? null, is: problem?.code ?? null };
      if (problem)
        log.warn({ ...subject, reason: problem.summary }, 'an engine does not answer as it should');
      else log.info(subject, 'an engine answers again');
    }
    await updateService(database.db, row.id, {
      engine_problem: problem && JSON.stringify(problem),
      engine_checked_at: sql<Date>`now()`,
    });
  }
}

/** Most engines are well, which takes one question. */
async function problemOf(witness: EngineWitness, row: ManagedService): Promise<Finding | null> {
  const examined = await witness.examine(row);
  const { noun } = KINDS[row.kind as Kind];
  if (examined === null) return unreachable(noun);
  if (examined.answers && examined.write_complaint === null) return null;
  return engineFinding(factsOf(row, await witness.witness(row, examined)));
}
