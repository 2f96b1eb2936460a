import type { Event } from './schema.ts';
import type { PlacedEvent } from './store.ts';

/** An event as the API and webhooks show it. */
export const viewEvent = (event: PlacedEvent): Event => ({
  id: event.position,
  type: event.type,
  severity: event.severity as Event['severity'],
  reason: event.reason,
  message: event.message,
  resource_type: event.resource_type,
  resource_id: event.resource_id,
  operation_id: event.operation_id,
  payload: event.payload as Record<string, unknown>,
  created_at: event.created_at.toISOString(),
});
