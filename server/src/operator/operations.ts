import { type Selectable, sql } from 'kysely';
import type { Queryable, Tx } from '../db/database.ts';
import type { Operations } from '../db/schema.gen.ts';
import { type Listing, type ListWanted, readPage } from '../http/listing.ts';
import { pageOf } from '../http/pagination.ts';
import type { Principal } from '../http/principal.ts';
import { invalidState, notFound } from '../lib/errors.ts';
import { UUID } from '../lib/ids.ts';
import { requestEnd } from '../operations/ending.ts';
import type { AcceptedOperation } from '../operations/operations-store.ts';
import { isRepeatable, retryOperation } from '../operations/retry.ts';
import { allParts } from '../search/parts.ts';

/** Minutes after which an operation that has not ended is worth a look. */
const HANGING_MINUTES = 30;

/** In SQL: whether an operation is worth a look since it has not ended. */
export const isHanging = sql<boolean>`(state in ('queued', 'pending', 'running')
  and coalesce(started_at, created_at) < now() - make_interval(mins => ${sql.lit(HANGING_MINUTES)}))`;
/** In SQL: whether an operation has failed. */
export const hasFailed = sql<boolean>`(state = 'failed')`;

/** In SQL: whether no operation of the resource came after this one. */
const isLast = sql<boolean>`not exists (select from operations later
  where later.resource_id = operations.resource_id and later.seq > operations.seq)`;

const OPERATIONS: Listing = {
  id: { column: 'id', form: 'uuid' },
  created: { value: sql.ref('seq'), form: 'number' },
  name: 'kind',
};

/** A page of the operations that have failed, or hang. */
export async function listTroubles(db: Queryable, { status, ...query }: ListWanted) {
  const wanted =
    status === 'failed'
      ? hasFailed
      : status === 'hanging'
        ? isHanging
        : sql<boolean>`(${hasFailed} or ${isHanging})`;
  const troubles = db.selectFrom('operations').selectAll().select(isLast.as('is_last')).where(wanted);
  const page = await readPage(troubles, OPERATIONS, query);
  return pageOf(page.rows.map(viewTrouble), page, query);
}

const viewTrouble = (row: Selectable<Operations> & { is_last: boolean }) => ({
  id: row.id,
  team_id: row.team_id,
  resource_type: row.resource_type,
  resource_id: row.resource_id,
  kind: row.kind,
  state: row.state,
  step: row.step,
  error: (row.error as { message?: string } | null)?.message ?? null,
  actions: actionsOf(row),
  created_at: row.created_at.toISOString(),
  started_at: row.started_at?.toISOString() ?? null,
  end_requested_at: row.end_requested_at?.toISOString() ?? null,
  finished_at: row.finished_at?.toISOString() ?? null,
});

/** What an operator can do about an operation. */
function actionsOf(row: Selectable<Operations> & { is_last: boolean }): ('retry' | 'end')[] {
  if (row.state === 'failed')
    return row.is_last && isRepeatable(row.resource_type, row.kind) ? ['retry'] : [];
  return ['pending', 'running'].includes(row.state) && row.end_requested_at === null ? ['end'] : [];
}

async function lockOperation(tx: Tx, id: string): Promise<Selectable<Operations>> {
  const row = UUID.test(id)
    ? await tx.selectFrom('operations').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
    : undefined;
  if (!row) throw notFound('Operation');
  return row;
}

/** Locks the row of a resource, and returns its status; null where it is gone. */
async function lockStatus(
  tx: Tx,
  { resource_type, resource_id }: Pick<Selectable<Operations>, 'resource_type' | 'resource_id'>,
): Promise<string | null> {
  const part = allParts().find(({ type }) => type === resource_type);
  if (!part?.status) return null;
  const { column } = part.eventId ?? part.id;
  const { rows } = await sql<{
    status: string;
  }>`select ${sql.ref(part.status)} as status from ${sql.table(part.table)}
    where ${sql.ref(column)} = ${resource_id} for update`.execute(tx);
  return rows[0]?.status ?? null;
}

/** Asks again for what an operation that failed was to do. Throws `not_found` and `invalid_state`. */
export async function retry(
  tx: Tx,
  { accountId, requestId }: Pick<Principal, 'accountId' | 'requestId'>,
  id: string,
): Promise<AcceptedOperation> {
  const failed = await lockOperation(tx, id);
  const status = await lockStatus(tx, failed);
  if (status === null) throw invalidState('The resource does not exist any more.', failed.state);
  return retryOperation(tx, { accountId, requestId }, failed, status);
}

/** Has an operation fail that does not end by itself. Idempotent. Throws `not_found` and `invalid_state`. */
export async function end(tx: Tx, id: string): Promise<void> {
  const { state } = await lockOperation(tx, id);
  if (await requestEnd(tx, id)) return;
  throw invalidState(
    state === 'queued'
      ? 'It waits for another operation of its resource. End that one.'
      : 'It has ended already.',
    state,
  );
}
