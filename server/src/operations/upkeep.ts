import { sql } from 'kysely';
import { deleteInBatches } from '../db/batches.ts';
import type { Database } from '../db/database.ts';
import { purgeIdempotencyKeys } from '../http/mutation.ts';
import type { Log } from '../lib/log.ts';
import type { Reconciler } from '../reconcilers/reconcilers.ts';
import { forEachRow, SetAside } from '../reconcilers/rows.ts';
import { isDead } from './lease.ts';
import type { Operation, OperationWorkflows } from './operation.ts';
import { enqueueAgain, nameTeams, promoteOperation } from './operations-store.ts';
import { finishOperation, takeOverWorkflows } from './runtime.ts';

/** How long records of finished workflows are kept for the operator. */
const WORKFLOW_RETENTION_DAYS = 7;

/** Takes over the work of other processes that died. `self`: the executor id of this one. */
export function deadWorkers(database: Database, self: string, log: Log): Reconciler {
  return {
    name: 'dead-workers',
    everySeconds: 10,
    // The rows stay locked until the end: a worker that was only paused waits with its heartbeat, and sees that it has lost.
    run: () =>
      database.transaction(async (tx) => {
        const dead = await tx
          .deleteFrom('workers')
          .where(isDead)
          .where('id', '<>', self)
          .returning('id')
          .execute();
        const ids = dead.map(({ id }) => id);
        if (ids.length === 0) return;
        const count = await takeOverWorkflows(ids);
        log.warn({ workers: ids, workflows: count }, 'took over the work of dead workers');
      }),
  };
}

interface Forgotten extends Operation {
  state: string;
  workflow: string | null;
}

/**
 * Finds operations without a workflow: its record is gone or ended without them, or the previous operation ended
 * without starting them. Cannot happen unless a transaction is wrong; this is the safety net.
 */
export function forgottenOperations(database: Database, workflows: OperationWorkflows, log: Log): Reconciler {
  const aside = new SetAside();
  return {
    name: 'forgotten-operations',
    everySeconds: 30,
    async run() {
      await nameTeams(database.db);
      await forEachRow(
        await findForgotten(database, aside),
        ({ id }) => id,
        async (operation) => {
          log.warn(
            { operation: operation.id, state: operation.state, workflow: operation.workflow },
            'forgotten operation',
          );
          if (operation.state === 'queued') {
            await database.transaction((tx) => promoteOperation(tx, operation.id));
          } else if (operation.workflow === null) {
            await enqueueAgain(database.db, operation.id);
          } else {
            const error = {
              code: 'internal',
              message: 'The operation was interrupted. Try again.',
              retryable: true,
            };
            await database.transaction((tx) => finishOperation(tx, workflows, operation, error));
          }
        },
        aside,
      );
    },
  };
}

async function findForgotten(database: Database, aside: SetAside): Promise<Forgotten[]> {
  const result = await sql<Forgotten>`
    select o.id, o.team_id as "teamId", o.resource_type as "resourceType", o.resource_id as "resourceId",
      o.kind, o.args, o.state, w.status as workflow
    from operations o left join dbos.workflow_status w on w.workflow_uuid = o.id::text
    where o.id <> all(${aside.ids()}::uuid[]) and (
      (o.state in ('pending', 'running') and coalesce(w.status, 'GONE') not in ('ENQUEUED', 'PENDING', 'DELAYED'))
      or (o.state = 'queued' and not exists (select from operations before
        where before.resource_id = o.resource_id
          and (before.state in ('pending', 'running') or (before.state = 'queued' and before.seq < o.seq)))))
    limit 100`.execute(database.db);
  return result.rows;
}

/** Deletes old idempotency keys and records of finished workflows. */
export function retention(database: Database): Reconciler {
  return {
    name: 'retention',
    everySeconds: 3600,
    async run() {
      await purgeIdempotencyKeys(database.db);
      const before = Date.now() - WORKFLOW_RETENTION_DAYS * 86_400_000;
      // DBOS keeps parts of a workflow in tables without foreign keys.
      await deleteInBatches(
        database.db,
        (limit) => sql`
          with old as (
            delete from dbos.workflow_status where workflow_uuid in (
              select workflow_uuid from dbos.workflow_status
              where status in ('SUCCESS', 'ERROR', 'CANCELLED') and updated_at < ${before} limit ${limit})
            returning workflow_uuid),
          outputs as (delete from dbos.operation_outputs where workflow_uuid in (select workflow_uuid from old))
          delete from dbos.workflow_input where workflow_uuid in (select workflow_uuid from old)`,
        1000,
      );
    },
  };
}
