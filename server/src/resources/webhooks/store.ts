import { type Selectable, sql } from 'kysely';
import { deleteInBatches } from '../../db/batches.ts';
import type { Queryable, Tx } from '../../db/database.ts';
import type { WebhookDeliveries, WebhookEndpoints } from '../../db/schema.gen.ts';
import { EVENTS_CHANNEL } from '../../events/store.ts';
import { type Listing, readPage } from '../../http/listing.ts';
import { countOf } from '../../identity/teams/quotas.ts';
import { UUID } from '../../lib/ids.ts';
import type { DeliveryQuery, EndpointQuery } from './schema.ts';

type Endpoint = Selectable<WebhookEndpoints>;
type Delivery = Selectable<WebhookDeliveries>;

export const QUOTA = 'webhook_endpoint';

export const ENDPOINTS: Listing = {
  id: { column: 'id', form: 'uuid' },
  created: { value: sql.ref('created_at'), form: 'time' },
  name: 'name',
};

const DELIVERIES: Listing = {
  id: { column: 'id', form: 'number' },
  created: { value: sql.ref('id'), form: 'number' },
  name: 'event_type',
  status: 'state',
  filters: { endpoint_id: { column: 'endpoint_id', form: 'uuid' } },
};

const endpointsOf = (db: Queryable, teamId: number) =>
  db.selectFrom('webhook_endpoints').selectAll().where('team_id', '=', teamId);

export const listEndpoints = (db: Queryable, teamId: number, query: EndpointQuery) =>
  readPage(endpointsOf(db, teamId), ENDPOINTS, query, () => countOf(db, teamId, QUOTA));

/** The type of the resource that a delivery is about: of an alert, of what it watches. Names of events begin with it. */
const SUBJECT = sql<string>`case when event_type like 'alert.%' then body::jsonb #>> '{data,payload,resource_type}'
  else split_part(event_type, '.', 1) end`;

/** A team's deliveries about resources of these types. */
const deliveriesOf = (db: Queryable, teamId: number, resourceTypes: readonly string[]) =>
  db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('team_id', '=', teamId)
    .where(sql<boolean>`${SUBJECT} = any(${resourceTypes}::text[])`);

export const listDeliveries = (
  db: Queryable,
  teamId: number,
  resourceTypes: readonly string[],
  query: DeliveryQuery,
) => readPage(deliveriesOf(db, teamId, resourceTypes), DELIVERIES, query);

export const findReadableDelivery = (
  db: Queryable,
  teamId: number,
  resourceTypes: readonly string[],
  id: number,
): Promise<Delivery | undefined> =>
  deliveriesOf(db, teamId, resourceTypes).where('id', '=', id).executeTakeFirst();

/** A malformed id names nothing. */
const endpointQuery = (db: Queryable, teamId: number, id: string) =>
  UUID.test(id) ? endpointsOf(db, teamId).where('id', '=', id) : null;

export const findEndpoint = async (
  db: Queryable,
  teamId: number,
  id: string,
): Promise<Endpoint | undefined> => endpointQuery(db, teamId, id)?.executeTakeFirst();

export const lockEndpoint = async (tx: Tx, teamId: number, id: string): Promise<Endpoint | undefined> =>
  endpointQuery(tx, teamId, id)?.forUpdate().executeTakeFirst();

const defaultQuery = (db: Queryable, teamId: number) =>
  endpointsOf(db, teamId).where('is_default', '=', true);

/** The endpoint of `/webhooks/config`. */
export const findDefault = (db: Queryable, teamId: number): Promise<Endpoint | undefined> =>
  defaultQuery(db, teamId).executeTakeFirst();

export const lockDefault = (tx: Tx, teamId: number): Promise<Endpoint | undefined> =>
  defaultQuery(tx, teamId).forUpdate().executeTakeFirst();

export const findDelivery = (db: Queryable, teamId: number, id: number): Promise<Delivery | undefined> =>
  db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('id', '=', id)
    .where('team_id', '=', teamId)
    .executeTakeFirst();

/**
 * Queues a delivery that has ended again, or all that have failed and were made since then. Those that wait for their next attempt
 * are due now. The transaction must hold the endpoint's lock. Returns the resources of the first, which `promote` must get, and how
 * many all are.
 */
export async function queueAgain(tx: Tx, endpointId: string, which: { id: number } | { failedSince: Date }) {
  const meant = 'id' in which ? sql`id = ${which.id}` : sql`created_at >= ${which.failedSince}`;
  const ended = 'id' in which ? sql`state in ('delivered', 'failed')` : sql`state = 'failed'`;
  const { rows } = await sql<{ resource_id: string | null }>`
    with again as (
      update webhook_deliveries set state = 'queued', tries = 0, delivered_at = null, failed_at = null, updated_at = now()
      where endpoint_id = ${endpointId} and ${meant} and ${ended} returning resource_id
    ), waiting as (
      update webhook_deliveries set next_attempt_at = now(), updated_at = now()
      where endpoint_id = ${endpointId} and ${meant} and state = 'pending' and attempts > 0 and next_attempt_at > now()
      returning null::text as resource_id
    )
    select resource_id from again union all select resource_id from waiting`.execute(tx);
  return {
    count: rows.length,
    resources: rows.flatMap(({ resource_id }) => (resource_id === null ? [] : [resource_id])),
  };
}

/** Tells the processes that send deliveries that there is something to do. */
export const wakeDispatchers = (tx: Tx) => sql`select pg_notify(${EVENTS_CHANNEL}, '')`.execute(tx);

/** Deletes deliveries that ended so many days ago, and secrets that are not valid any more. */
export async function purgeWebhooks(db: Queryable, days: number): Promise<void> {
  await deleteInBatches(
    db,
    (limit) => sql`
      delete from webhook_deliveries where id in (
        select id from webhook_deliveries where state in ('delivered', 'failed')
          and updated_at < now() - make_interval(days => ${days}) limit ${limit})`,
  );
  await db
    .updateTable('webhook_endpoints')
    .set({ previous_secret_sealed: null, previous_secret_until: null })
    .where('previous_secret_until', '<', sql<Date>`now()`)
    .execute();
}
