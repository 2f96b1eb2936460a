import type { Queryable } from '../db/database.ts';
import { listEvents } from '../events/store.ts';

/** Events that one answer shows. */
const MAX_EVENTS = 100;

/**
 * What the platform did to an instance, and what it found, newest first. `resource` is its kind and name: `vps/web-1`.
 */
export async function viewEvents(db: Queryable, id: string, resource: string) {
  const rows = await listEvents(db, id, MAX_EVENTS);
  return rows.map((event) => ({
    type: event.severity as 'Normal' | 'Warning',
    reason: event.reason,
    message: event.message,
    resource,
    count: '1',
    first_seen: event.created_at.toISOString(),
    last_seen: event.created_at.toISOString(),
  }));
}

/** What a diagnosis says of the events that it has looked at. */
export const eventsSection = ({ length }: readonly unknown[]) => ({
  available: true,
  count: length,
  truncated: length === MAX_EVENTS,
});
