import { type Selectable, sql } from 'kysely';
import type { Database, Tx } from '../../db/database.ts';
import type { WebhookEndpoints } from '../../db/schema.gen.ts';
import { consumeEvents } from '../../events/consumer.ts';
import type { PlacedEvent } from '../../events/store.ts';
import { viewEvent } from '../../events/view.ts';

/** Events that become deliveries in one transaction. */
const BATCH = 500;

/** What is sent about an event, in the form that Standard Webhooks 1.0 recommends. */
export const bodyOf = (type: string, timestamp: string, data: unknown): string =>
  JSON.stringify({ type, timestamp, data });

/** Makes deliveries of the events since the last time, in order. Returns whether there may be more. */
export const fanOut = (database: Database): Promise<boolean> =>
  consumeEvents(database, 'webhook_progress', BATCH, async (tx, events) =>
    insertDeliveries(tx, await deliveriesOf(tx, events)),
  );

/** A delivery that is to be made. */
export interface NewDelivery {
  endpoint_id: string;
  team_id: number;
  message_id: string;
  event_type: string;
  resource_id: string;
  url: string;
  body: string;
}

async function deliveriesOf(tx: Tx, events: readonly PlacedEvent[]): Promise<NewDelivery[]> {
  const teams = [...new Set(events.map(({ team_id }) => team_id))];
  // Locked, as settled deliveries of an endpoint let the next ones of their resources go: see `settle`.
  const endpoints = await tx
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('team_id', 'in', teams)
    .where('enabled', '=', true)
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
  if (endpoints.length === 0) return [];
  return events.flatMap((event) => {
    const told = endpoints.filter((endpoint) => isTold(endpoint, event));
    if (told.length === 0) return [];
    const view = viewEvent(event);
    const body = bodyOf(event.type, view.created_at, view);
    return told.map(({ id, team_id, url }) => ({
      endpoint_id: id,
      team_id,
      message_id: `evt_${event.position}`,
      event_type: event.type,
      resource_id: event.resource_id,
      url,
      body,
    }));
  });
}

/** What an endpoint is not told of itself: a receiver need not know how it was set up. */
const OF_OTHERS: ReadonlySet<string> = new Set(['webhook.created', 'webhook.updated']);

/** Whether an endpoint is told of an event: it is of its team and types, not older than the endpoint, and names no other channels. */
function isTold(endpoint: Selectable<WebhookEndpoints>, event: PlacedEvent): boolean {
  const { team_id, event_types: types, created_at } = endpoint;
  if (team_id !== event.team_id || event.created_at < created_at) return false;
  if (event.resource_id === endpoint.id && OF_OTHERS.has(event.type)) return false;
  const { channels } = event.payload as { channels?: readonly string[] };
  if (channels && !channels.includes('webhook')) return false;
  return types.length === 0 || types.includes(event.type) || types.includes(`${event.resource_type}.*`);
}

/**
 * Writes deliveries in their order. One that has an earlier one of its endpoint and resource before it waits for that. The
 * transaction must hold locks on the endpoints.
 */
export async function insertDeliveries(tx: Tx, deliveries: readonly NewDelivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  await sql`
    with fresh as (
      select d.*, w.ordinality, row_number() over (partition by d.endpoint_id, d.resource_id order by w.ordinality) > 1
        or exists (select from webhook_deliveries before where before.endpoint_id = d.endpoint_id
          and before.resource_id = d.resource_id and before.state in ('pending', 'queued')) as waits
      from jsonb_array_elements(${JSON.stringify(deliveries)}::jsonb) with ordinality w (value, ordinality),
        jsonb_to_record(w.value) d (endpoint_id uuid, team_id bigint, message_id text, event_type text, resource_id text,
          url text, body text)
      where not exists (select from webhook_deliveries same
        where same.endpoint_id = d.endpoint_id and same.message_id = d.message_id))
    insert into webhook_deliveries (endpoint_id, team_id, message_id, event_type, resource_id, url, body, state, next_attempt_at)
    select endpoint_id, team_id, message_id, event_type, resource_id, url, body,
      case when waits then 'queued' else 'pending' end, case when waits then null else now() end
    from fresh order by ordinality`.execute(tx);
}
