import type { Selectable } from 'kysely';
import type { WebhookDeliveries, WebhookEndpoints } from '../../db/schema.gen.ts';

const time = (date: Date | null): string | null => date?.toISOString() ?? null;

export const viewEndpoint = (row: Selectable<WebhookEndpoints>) => ({
  id: row.id,
  name: row.name,
  url: row.url,
  event_types: row.event_types,
  enabled: row.enabled,
  is_default: row.is_default,
  disabled_reason: row.disabled_reason as 'gone' | 'failing' | null,
  failing_since: time(row.failing_since),
  previous_secret_until: time(row.previous_secret_until),
  team_id: row.team_id,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

export const viewDelivery = (row: Selectable<WebhookDeliveries>) => ({
  id: row.id,
  team_id: row.team_id,
  endpoint_id: row.endpoint_id,
  message_id: row.message_id,
  event: row.event_type,
  url: row.url,
  payload: JSON.parse(row.body) as Record<string, unknown>,
  state: row.state as 'queued' | 'pending' | 'delivered' | 'failed',
  signature: row.signature,
  response_status: row.response_status,
  response_body: row.response_body,
  attempts: row.attempts,
  next_attempt_at: time(row.next_attempt_at),
  delivered_at: time(row.delivered_at),
  failed_at: time(row.failed_at),
  error_message: row.error_message,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});
