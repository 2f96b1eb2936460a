import { Value } from 'typebox/value';
import type { Queryable } from '../db/database.ts';
import { findEventType } from './catalogue.ts';

/** Each event is of a type in a catalogue, is about a resource that the type is for, and says what the type lists. */
export async function findUncatalogued(db: Queryable, teamId: number): Promise<string[]> {
  const rows = await db.selectFrom('events').selectAll().where('team_id', '=', teamId).execute();
  return rows.flatMap(({ id, type, severity, reason, resource_type, payload }) => {
    const entry = findEventType(type);
    const fits =
      entry?.severity === severity &&
      entry.reason === reason &&
      type.startsWith(`${resource_type}.`) &&
      Value.Check(entry.payload, payload);
    return fits ? [] : [`event ${id} is not as a catalogue says: ${type} of a ${resource_type}`];
  });
}
