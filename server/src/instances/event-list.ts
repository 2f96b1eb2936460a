import type { Queryable } from '../db/database.ts';
import { listEvents } from '../events/store.ts';

/** Most events in one response. */
const MAX_EVENTS = 100;

/** The events of an instance, newest first. `resource` is its kind and name, such as `vps/web-1`. */
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

/** The section of a diagnosis about the events it has looked at. */
export const eventsSection = ({ length }: readonly unknown[]) => ({
  available: true,
  count: length,
  truncated: length === MAX_EVENTS,
});
