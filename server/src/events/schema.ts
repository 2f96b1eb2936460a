import { type Static, Type } from 'typebox';
import { Component, Enum, Id, LineText, List, Nullable, Obj, Text, Timestamp } from '../http/schema.ts';
import { PATTERN_MESSAGE } from '../http/validation.ts';

/** Where an event stands in the log. */
const Position = (example: number, description: string) =>
  Type.Integer({ format: 'int64', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, example, description });

export const Event = Component('Event', {
  id: Position(1842, 'Its place in the log: of two events, the later one has the higher id.'),
  type: Text(100, 'vps.created', {
    description: 'What happened, as `RESOURCE.WHAT`. Types never change; new ones may come.',
  }),
  severity: Enum(['Normal', 'Warning'], { description: '`Warning`: something needs attention.' }),
  reason: Text(100, 'Created'),
  message: Text(2000, 'The server was created and accepts SSH.'),
  resource_type: Text(50, 'vps'),
  resource_id: Text(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', {
    description: 'Its id; of a snapshot, its `resource_id`.',
  }),
  operation_id: Nullable(
    Id(
      '0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b',
      'The operation that it belongs to: `GET /operations/{operation}`.',
    ),
  ),
  payload: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    maxProperties: 100,
    example: {},
    description: 'Figures and ids that belong to the event; which ones depends on its type.',
  }),
  created_at: Timestamp(),
});
export type Event = Static<typeof Event>;

const filters = {
  type: Type.Optional(LineText(100, 'vps.created', { description: 'Only events of this type.' })),
  resource_type: Type.Optional(
    LineText(50, 'vps', { description: 'Only events about resources of this type.' }),
  ),
  resource_id: Type.Optional(
    LineText(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', { description: 'Only events about this resource.' }),
  ),
};

/** The digits of a position. */
const POSITION = '[0-9]{1,15}';

const After = (description: string) =>
  Type.Optional(
    Type.String({
      maxLength: 15,
      pattern: `^(${POSITION}|latest)$`,
      [PATTERN_MESSAGE]: 'must be the id of an event, 0, or latest',
      example: '1842',
      description,
    }),
  );

export const EventQuery = Obj({
  after: After(
    'The `next_after` of an answer: what came after it. Without it, or with 0, from the oldest event on that is kept; with ' +
      '`latest`, only what comes from now on.',
  ),
  order: Type.Optional(
    Enum(['asc', 'desc'], {
      description:
        '`asc`, the default: the order of the log, for programs that follow it. `desc`: the newest first.',
    }),
  ),
  before: Type.Optional(
    Type.String({
      maxLength: 15,
      pattern: `^${POSITION}$`,
      [PATTERN_MESSAGE]: 'must be the id of an event',
      example: '1842',
      description: 'The newest first, of what came before this event: the `next_before` of an answer.',
    }),
  ),
  ...filters,
  limit: Type.Integer({
    format: 'int32',
    minimum: 1,
    maximum: 500,
    default: 100,
    example: 100,
    description: 'Most events of one answer.',
  }),
});
export type EventQuery = Static<typeof EventQuery>;

export const EventStreamQuery = Obj({
  after: After(
    'Begin with what came after this event. Without it, or with `latest`, with what comes from now on.',
  ),
  progress: Type.Optional(
    Enum(['true', 'false'], {
      description:
        'Whether it tells of operations that are under way, too, as `operation.progress`: `operation_id`, `resource_type`, ' +
        '`resource_id`, `kind`, `state`, `percent` and `step`.',
    }),
  ),
  ...filters,
});
export type EventStreamQuery = Static<typeof EventStreamQuery>;

export const LastEventId = new RegExp(`^${POSITION}$`);

export const EventLog = Component('EventLog', {
  data: List(Event, { maxItems: 500 }),
  next_after: Position(1842, 'Send it as `after` for what comes next; also where `data` is empty.'),
  next_before: Nullable(
    Position(1793, 'With `order=desc`: send it as `before` for what is older. Null where nothing is.'),
  ),
  has_more: Type.Boolean({ example: false, description: 'Whether more is there already.' }),
});
