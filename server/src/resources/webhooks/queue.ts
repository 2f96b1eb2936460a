import { type Selectable, sql } from 'kysely';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import type { WebhookDeliveries, WebhookEndpoints } from '../../db/schema.gen.ts';
import { record } from '../../events/store.ts';
import { webhookEvents } from './events.ts';

export type Delivery = Selectable<WebhookDeliveries>;
export type Endpoint = Selectable<WebhookEndpoints>;

/** Seconds for which a process has a delivery; after that, another may send it again. Longer than an attempt takes. */
const LEASE_SECONDS = 60;
/** An endpoint that has failed for so long is disabled. */
const MAX_FAILING = sql`interval '3 days'`;

/** How an attempt ended, for the rows. */
export interface Attempt {
  id: number;
  resource_id: string;
  url: string;
  signature: string;
  response_status: number | null;
  response_body: string | null;
  error_message: string | null;
  delivered: boolean;
  /** Seconds until the next one; null: there is none. */
  pause: number | null;
}

/** What an endpoint has to send next. */
export interface Claimed {
  endpoint: Endpoint | null;
  deliveries: Delivery[];
}

/**
 * Writes how attempts of an endpoint ended, lets those go that have waited for them, and claims up to `room` deliveries
 * that are due. In one transaction, under the lock of the endpoint.
 */
export function settleAndClaim(
  database: Database,
  endpointId: string,
  attempts: readonly Attempt[],
  room: number,
): Promise<Claimed> {
  return database.transaction(async (tx) => {
    const endpoint = await lockEndpoint(tx, endpointId);
    if (!endpoint) return { endpoint: null, deliveries: [] };
    if (attempts.length > 0) {
      await writeAttempts(tx, attempts);
      await promote(
        tx,
        endpointId,
        attempts.map(({ resource_id }) => resource_id),
      );
      if (await noteHealth(tx, endpoint, attempts)) return { endpoint: null, deliveries: [] };
    }
    if (!endpoint.enabled || room === 0) return { endpoint, deliveries: [] };
    return { endpoint, deliveries: await claim(tx, endpointId, room) };
  });
}

const lockEndpoint = (tx: Tx, id: string): Promise<Endpoint | undefined> =>
  tx.selectFrom('webhook_endpoints').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst();

async function writeAttempts(tx: Tx, attempts: readonly Attempt[]): Promise<void> {
  await sql`
    update webhook_deliveries d set
      state = a.state,
      delivered_at = case a.state when 'delivered' then now() end,
      failed_at = case a.state when 'failed' then now() end,
      next_attempt_at = case a.state when 'pending' then now() + make_interval(secs => a.pause) end,
      attempts = d.attempts + 1, tries = d.tries + 1, leased_until = null, url = a.url, signature = a.signature,
      response_status = a.response_status, response_body = a.response_body, error_message = a.error_message,
      updated_at = now()
    from (
      select *, case when delivered then 'delivered' when pause is null then 'failed' else 'pending' end as state
      from jsonb_to_recordset(${JSON.stringify(attempts)}::jsonb) r (id bigint, url text, signature text,
        response_status integer, response_body text, error_message text, delivered boolean, pause float8)) a
    where d.id = a.id and d.state = 'pending'`.execute(tx);
}

/** Lets the next delivery of each of these resources go, where none is under way. */
export async function promote(tx: Tx, endpointId: string, resourceIds: readonly string[]): Promise<void> {
  await sql`
    update webhook_deliveries set state = 'pending', next_attempt_at = now() where id in (
      select next.id from unnest(${[...new Set(resourceIds)]}::text[]) resource (id), lateral (
        select id from webhook_deliveries where endpoint_id = ${endpointId} and resource_id = resource.id and state = 'queued'
        order by id limit 1) next
      where not exists (select from webhook_deliveries current where current.endpoint_id = ${endpointId}
        and current.resource_id = resource.id and current.state = 'pending'))`.execute(tx);
}

/** Notes since when the endpoint fails, and disables it where that is enough. Returns whether it did. */
async function noteHealth(tx: Tx, endpoint: Endpoint, attempts: readonly Attempt[]): Promise<boolean> {
  const worked = attempts.some(({ delivered }) => delivered);
  if (attempts.some(({ response_status: status }) => status === 410)) {
    await disable(tx, endpoint, 'gone');
    return true;
  }
  if (worked && endpoint.failing_since === null) return false;
  const { failed } = await tx
    .updateTable('webhook_endpoints')
    .set({ failing_since: worked ? null : sql`coalesce(failing_since, now())` })
    .where('id', '=', endpoint.id)
    .returning(sql<boolean>`coalesce(failing_since < now() - ${MAX_FAILING}, false)`.as('failed'))
    .executeTakeFirstOrThrow();
  if (failed) await disable(tx, endpoint, 'failing');
  return failed;
}

/** Disables an endpoint, tells its team, and gives up what it has not got yet: that can be redelivered. */
async function disable(
  tx: Tx,
  { id, team_id, name, url }: Endpoint,
  because: 'gone' | 'failing',
): Promise<void> {
  await tx
    .updateTable('webhook_endpoints')
    .set({ enabled: false, disabled_reason: because, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute();
  await giveUp(tx, id, 'The endpoint was disabled.');
  const subject = { teamId: team_id, resourceType: 'webhook', resourceId: id };
  await record(tx, webhookEvents.disabled, subject, { name, url: new URL(url).origin, because });
}

/** Fails everything that an endpoint has not got yet. */
export async function giveUp(tx: Tx, endpointId: string, why: string): Promise<void> {
  await tx
    .updateTable('webhook_deliveries')
    .set({
      state: 'failed',
      failed_at: sql`now()`,
      next_attempt_at: null,
      leased_until: null,
      error_message: why,
      updated_at: sql`now()`,
    })
    .where('endpoint_id', '=', endpointId)
    .where('state', 'in', ['pending', 'queued'])
    .execute();
}

async function claim(tx: Tx, endpointId: string, room: number): Promise<Delivery[]> {
  const { rows } = await sql<Delivery>`
    update webhook_deliveries set leased_until = now() + make_interval(secs => ${LEASE_SECONDS}) where id in (
      select id from webhook_deliveries
      where endpoint_id = ${endpointId} and state = 'pending' and next_attempt_at <= now()
        and (leased_until is null or leased_until < now())
      order by next_attempt_at limit ${room} for update skip locked)
    returning *`.execute(tx);
  return rows.toSorted((a, b) => a.id - b.id);
}

/** Endpoints that have something to send now. */
export async function findDue(db: Queryable): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from webhook_endpoints e where enabled and exists (
      select from webhook_deliveries where endpoint_id = e.id and state = 'pending' and next_attempt_at <= now()
        and (leased_until is null or leased_until < now()))`.execute(db);
  return rows.map(({ id }) => id);
}

/** Milliseconds until the next attempt is due, of all that can be; null: there is none. */
export async function untilNextDue(db: Queryable): Promise<number | null> {
  const { rows } = await sql<{ ms: number | null }>`
    select extract(epoch from min(due.at) - now())::float8 * 1000 as ms
    from webhook_endpoints e, lateral (
      select greatest(next_attempt_at, leased_until) as at from webhook_deliveries
      where endpoint_id = e.id and state = 'pending' order by next_attempt_at limit 1) due
    where enabled`.execute(db);
  return rows[0]?.ms ?? null;
}
