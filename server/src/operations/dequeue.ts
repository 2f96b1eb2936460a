import { randomUUID } from 'node:crypto';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import type pg from 'pg';
import { inTransaction } from '../db/in-transaction.ts';
import { QUEUE_NAME } from './operations-store.ts';

export interface DequeueOptions {
  /** Version of the step sequences, see `runtime.ts`. */
  version: string;
  /** Maximum of concurrent operations in this process. */
  concurrency: number;
  /** Maximum of concurrent operations of one team, in all processes together. */
  perTeam: number;
}

/**
 * Starts operations that wait in the queue, as far as this process has room. Returns whether more wait that could not
 * be started. Takes the place of DBOS's own poll, which knows no turns; for what DBOS has no public call, it uses
 * internals of the exact version in `package.json`.
 */
export async function dequeue(
  pool: pg.Pool,
  { version, concurrency, perTeam }: DequeueOptions,
): Promise<boolean> {
  const executor = DBOSExecutor.globalInstance;
  if (!executor) return false;
  const free = concurrency - executor.systemDatabase.countRunningWorkflowsForQueue(QUEUE_NAME);
  if (free <= 0) return true;
  const owner = randomUUID();
  const claim = { version, free, perTeam, owner, executorId: executor.executorID };
  const { ids, more } = await claimOperations(pool, claim);
  if (ids.length > 0) await executor.dispatchDequeuedWorkflows(ids, owner);
  return more;
}

export interface Claim extends Pick<DequeueOptions, 'version' | 'perTeam'> {
  /** How many to claim at most. */
  free: number;
  /** Who claims them: the process, and this one of its claims. */
  executorId: string;
  owner: string;
}

/**
 * Claims the next operations for a process, by team in turn: each is of the team that has the fewest at work, in all
 * processes. One claim at a time, so that no two count the same room.
 */
export async function claimOperations(
  pool: pg.Pool,
  claim: Claim,
): Promise<{ ids: string[]; more: boolean }> {
  return inTransaction(pool, async (client) => {
    await client.query(`select pg_advisory_xact_lock(hashtextextended('danube.dequeue', 0))`);
    const { version, free, perTeam, executorId, owner } = claim;
    const { rows } = await client.query(CLAIM, [QUEUE_NAME, version, free, perTeam, executorId, owner]);
    return rows[0];
  });
}

/**
 * The partition of a workflow is its team. The teams that wait are found by skipping through DBOS's index on
 * partitions, and of each only so many of its workflows are read as it has room for, and one more: so this costs as
 * much with a long queue as with a short one. The columns are set as by DBOS itself.
 */
const CLAIM = `
  with recursive waiting(team) as (
    (select min(queue_partition_key) from dbos.workflow_status
     where queue_name = $1 and status = 'ENQUEUED' and queue_partition_key is not null)
    union all
    select (select min(queue_partition_key) from dbos.workflow_status
            where queue_name = $1 and status = 'ENQUEUED' and queue_partition_key > waiting.team)
    from waiting where waiting.team is not null),
  at_work as (
    select queue_partition_key as team, count(*) as count from dbos.workflow_status
    where queue_name = $1 and status = 'PENDING' and queue_partition_key is not null
    group by queue_partition_key),
  latest as (
    select version_name from dbos.application_versions order by version_timestamp desc limit 1),
  candidates as (
    select workflow_uuid, created_at, begun + nth as turn, nth <= room as fits
    from waiting left join at_work using (team)
    cross join lateral (select coalesce(count, 0) as begun) team_at_work
    cross join lateral (select least($3::bigint, greatest(0, $4::bigint - begun)) as room) team_room
    cross join lateral (
      select workflow_uuid, created_at, row_number() over (order by priority, created_at, workflow_uuid) as nth
      from dbos.workflow_status
      where queue_name = $1 and status = 'ENQUEUED' and queue_partition_key = team
        and (application_version = $2
          or (application_version is null and coalesce((select version_name from latest), $2) = $2))
      order by priority, created_at, workflow_uuid
      limit room + 1) queued),
  chosen as (
    select * from candidates where fits order by turn, created_at, workflow_uuid limit $3::bigint),
  claimed as (
    update dbos.workflow_status
    set status = 'PENDING', executor_id = $5, owner_xid = $6, application_version = $2, rate_limited = false,
      recovery_attempts = recovery_attempts + 1,
      started_at_epoch_ms = (extract(epoch from now()) * 1000)::bigint,
      updated_at = (extract(epoch from now()) * 1000)::bigint
    where workflow_uuid in (select workflow_uuid from chosen) and status = 'ENQUEUED'
    returning workflow_uuid)
  select
    coalesce((select array_agg(workflow_uuid order by turn, created_at, workflow_uuid)
              from chosen join claimed using (workflow_uuid)), '{}') as ids,
    (select count(*) from candidates) > (select count(*) from chosen) as more`;
