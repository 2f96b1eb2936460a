import { type Static, Type } from 'typebox';
import { ListQuery } from '../../http/listing.ts';
import {
  Component,
  Enum,
  Id,
  Int,
  LineText,
  List,
  Message,
  NameText,
  Nullable,
  NumberId,
  Text,
  Timestamp,
  TimeText,
} from '../../http/schema.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';
import { Warnings } from '../../http/warnings.ts';

const URL_EXAMPLE = 'https://hooks.example.org/danube';
const SECRET_EXAMPLE = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/2S9o0xRk5U=';

const UrlText = LineText(2048, URL_EXAMPLE, {
  description: 'Where events are sent, by `POST`. It begins with `https://`.',
});
const Secret = Text(100, SECRET_EXAMPLE, {
  description: 'Verifies signatures. It is shown only now: store it.',
});

export const WebhookConfig = Component('WebhookConfig', {
  webhook_url: Nullable(Text(2048, URL_EXAMPLE)),
  webhook_enabled: Type.Boolean({ example: true }),
  has_secret: Type.Boolean({ example: true }),
});

export const UpdateWebhookConfig = Component('UpdateWebhookConfig', {
  webhook_url: UrlText,
  webhook_enabled: Type.Optional(Type.Boolean({ example: true, description: 'True at first.' })),
});

export const WebhookConfigUpdated = Component('WebhookConfigUpdated', {
  message: Message('Webhook saved.'),
  webhook_url: Nullable(Text(2048, URL_EXAMPLE)),
  webhook_enabled: Type.Boolean({ example: true }),
  webhook_secret: Nullable(Secret),
});

export const WebhookSecretRegenerated = Component('WebhookSecretRegenerated', {
  message: Message(
    'The secret was replaced. Messages are signed with the previous one as well for 24 hours.',
  ),
  webhook_secret: Secret,
});

/** Patterns of event types: `vps.created`, or all of a resource: `vps.*`. */
const EventTypes = List(
  Text(100, 'vps.*', {
    pattern: '^[a-z_-]{1,50}\\.([a-z_]{1,50}|\\*)$',
    [PATTERN_MESSAGE]:
      'must be the type of an event, such as vps.created, or all types of a resource, such as vps.*',
  }),
  {
    maxItems: 100,
    description: 'Types of the events that it gets, `RESOURCE.*` for all of a resource. Empty: all.',
  },
);

export const WebhookEndpoint = Component('WebhookEndpoint', {
  id: Id(),
  name: Text(100, 'deploy bot'),
  url: Text(2048, URL_EXAMPLE),
  event_types: EventTypes,
  enabled: Type.Boolean({ example: true }),
  is_default: Type.Boolean({ example: false, description: 'Whether it is the one of `/webhooks/config`.' }),
  disabled_reason: Nullable(
    Enum(['gone', 'failing'], {
      description: 'Why Danube disabled it: it answered with 410, or failed for three days.',
    }),
  ),
  failing_since: Nullable(Timestamp('Since when every delivery has failed.')),
  previous_secret_until: Nullable(
    Timestamp('Until when messages are signed with the previous secret as well.'),
  ),
  team_id: NumberId(1),
  created_at: Timestamp(),
  updated_at: Timestamp(),
});

export const EndpointQuery = ListQuery('endpoints', 'uuid', null);
export type EndpointQuery = Static<typeof EndpointQuery>;

export const CreateWebhookEndpoint = Component('CreateWebhookEndpoint', {
  name: NameText(100, 'deploy bot'),
  url: UrlText,
  event_types: Type.Optional(EventTypes),
  enabled: Type.Optional(Type.Boolean({ example: true, description: 'True by default.' })),
});
export type CreateWebhookEndpoint = Static<typeof CreateWebhookEndpoint>;

export const UpdateWebhookEndpoint = Component('UpdateWebhookEndpoint', {
  name: Type.Optional(NameText(100, 'deploy bot')),
  url: Type.Optional(UrlText),
  event_types: Type.Optional(EventTypes),
  enabled: Type.Optional(Type.Boolean({ example: true })),
});
export type UpdateWebhookEndpoint = Static<typeof UpdateWebhookEndpoint>;

export const WebhookEndpointAnswer = Component('WebhookEndpointResponse', { endpoint: WebhookEndpoint });

export const WebhookEndpointCreated = Component('WebhookEndpointCreated', {
  message: Message('Endpoint created.'),
  endpoint: WebhookEndpoint,
  secret: Secret,
  warnings: Warnings,
});

export const WebhookEndpointUpdated = Component('WebhookEndpointUpdated', {
  message: Message('Endpoint saved.'),
  endpoint: WebhookEndpoint,
  warnings: Warnings,
});

export const WebhookEndpointDeleted = Component('WebhookEndpointDeleted', {
  message: Message('Endpoint deleted.'),
});

const DELIVERY_STATES = ['queued', 'pending', 'delivered', 'failed'] as const;

export const WebhookDelivery = Component('WebhookDelivery', {
  id: NumberId(4711),
  team_id: NumberId(1),
  endpoint_id: Id(),
  message_id: Text(100, 'evt_1842', { description: 'The header `webhook-id`; the same for all attempts.' }),
  event: Text(100, 'vps.created'),
  url: Text(2048, URL_EXAMPLE, { description: 'Where it was sent last, or will be sent.' }),
  payload: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    maxProperties: 100,
    example: { type: 'vps.created', timestamp: '2026-01-15T09:30:00.000Z', data: {} },
    description: 'The body.',
  }),
  state: Enum(DELIVERY_STATES, {
    description:
      '`queued`: waits for an earlier one about the same resource. `pending`: is sent, or will be again. `failed`: is not sent ' +
      'any more.',
  }),
  signature: Nullable(
    Text(500, 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=', {
      description: 'The header `webhook-signature` of the last attempt.',
    }),
  ),
  response_status: Nullable(Int(200, { maximum: 999 })),
  response_body: Nullable(Text(8192, 'ok', { description: 'The first 4 KB.' })),
  attempts: Int(1),
  next_attempt_at: Nullable(Timestamp()),
  delivered_at: Nullable(Timestamp()),
  failed_at: Nullable(Timestamp('When it was given up.')),
  error_message: Nullable(
    Text(2000, 'The connection was refused.', { description: 'Why the last attempt failed.' }),
  ),
  created_at: Nullable(Timestamp()),
  updated_at: Nullable(Timestamp()),
});

export const DeliveryQuery = ListQuery('deliveries', 'number', DELIVERY_STATES, {
  endpoint_id: Type.Optional(
    LineText(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', {
      description: 'Only deliveries to this endpoint.',
    }),
  ),
});
export type DeliveryQuery = Static<typeof DeliveryQuery>;

export const WebhookDeliveryAnswer = Component('WebhookDeliveryResponse', { delivery: WebhookDelivery });

export const WebhookDeliveryStarted = Component('WebhookDeliveryStarted', {
  message: Message('It is sent now.'),
  delivery: WebhookDelivery,
});

export const RedeliverFailed = Component('RedeliverFailed', {
  since: TimeText('2026-01-15T09:30:00Z', 'Deliveries that were made since then, and failed.'),
});

export const RedeliveryStarted = Component('WebhookRedeliveryStarted', {
  message: Message('3 deliveries are sent again.'),
  count: Int(3),
});
