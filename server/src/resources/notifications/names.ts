import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';
import type { PlacedEvent } from '../../events/store.ts';
import { namesQuery } from '../../search/parts.ts';

type Subject = Pick<PlacedEvent, 'resource_type' | 'resource_id' | 'payload'>;

/**
 * What resources of events are called: now, in the event itself, or, of those that are gone, in the last notification about
 * them. Null where nothing tells.
 */
export async function namesOf(
  tx: Tx,
  events: readonly Subject[],
): Promise<(event: Subject) => string | null> {
  const names = new Map<string, string>();
  for (const [type, some] of Map.groupBy(events, ({ resource_type }) => resource_type)) {
    const query = namesQuery(type, [...new Set(some.map(({ resource_id }) => resource_id))]);
    const rows = query === null ? [] : (await query.execute(tx)).rows;
    for (const { id, name } of rows) names.set(keyOf(type, id), name);
  }
  const gone = events.filter(
    ({ resource_type, resource_id }) => !names.has(keyOf(resource_type, resource_id)),
  );
  for (const { type, id, name } of await lastNames(tx, gone)) names.set(keyOf(type, id), name);
  return ({ resource_type, resource_id, payload }) => {
    const { name } = payload as { name?: unknown };
    return names.get(keyOf(resource_type, resource_id)) ?? (typeof name === 'string' ? name : null);
  };
}

/** Some ids are numbers, which resources of several types have. */
const keyOf = (type: string, id: string): string => `${type} ${id}`;

async function lastNames(tx: Tx, gone: readonly Subject[]) {
  if (gone.length === 0) return [];
  const { rows } = await sql<{ type: string; id: string; name: string }>`
    select wanted.type, wanted.id, last.resource_name as name
    from (select distinct * from unnest(${gone.map(({ resource_type }) => resource_type)}::text[],
      ${gone.map(({ resource_id }) => resource_id)}::text[]) w (type, id)) wanted, lateral (
      select resource_name from notifications
      where resource_id = wanted.id and resource_type = wanted.type and resource_name is not null
      order by event_position desc limit 1) last`.execute(tx);
  return rows;
}
