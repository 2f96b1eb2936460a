import { Value } from 'typebox/value';
import type { Queryable } from '../db/database.ts';
import { findEventType } from './catalogue.ts';

/** Checks that each event has a registered type, about a resource of that type, with a payload that fits its schema. */
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
