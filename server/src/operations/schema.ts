import { Type } from 'typebox';
import { ListQuery } from '../http/listing.ts';
import { PageOf } from '../http/pagination.ts';
import {
  ANSWER_EXAMPLE,
  Component,
  Enum,
  Id,
  Int,
  LineText,
  Message,
  Nullable,
  Obj,
  Text,
  Timestamp,
} from '../http/schema.ts';

/** How to name an operation in an answer. */
export const OperationId = Id(
  '0198c5a2-8000-7b60-8a11-3c7d2e1f0a9b',
  'Its progress: `GET /operations/{operation}`.',
);

/**
 * The answer to an action on a resource: `NAMEActionResponse`, with the `status` of the resource during the action,
 * one of `statuses`.
 */
export const ActionAnswer = <const S extends readonly [string, ...string[]]>(
  name: string,
  statuses: S,
  status: S[number],
  message: string,
) =>
  Component(
    `${name}ActionResponse`,
    { message: Message('It has been accepted.'), status: Enum(statuses), operation_id: OperationId },
    { [ANSWER_EXAMPLE]: { message, status } },
  );

/** Why an operation failed. */
export const OperationError = Component('OperationError', {
  code: Text(100, 'image_unavailable'),
  message: Text(2000, 'The image cannot be fetched at the moment.'),
  retryable: Type.Boolean({ example: true, description: 'Whether the same request may succeed later.' }),
});

const STATES = ['queued', 'running', 'succeeded', 'failed'] as const;

const Operation = Component('Operation', {
  operation_id: Id('0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19'),
  resource_id: Id(),
  resource_type: Text(50, 'vps'),
  kind: Text(50, 'create'),
  state: Enum(STATES),
  terminal: Type.Boolean({ example: false, description: 'Whether the state is final.' }),
  poll_after_ms: Int(1000, {
    description: 'How long to wait before asking again, in milliseconds. 0 once it is terminal.',
  }),
  percent: Int(0, { maximum: 100 }),
  step: Nullable(Text(500, 'Starting the instance', { description: 'What it is doing now.' })),
  revision: Nullable(Text(100, 'v1', { description: 'Always null: instances have no revisions.' })),
  knative_revision: Nullable(Text(100, 'v1', { description: 'Always null: instances have no revisions.' })),
  image: Nullable(Text(255, 'debian-12', { description: 'Always null for instances.' })),
  created_at: Timestamp(),
  started_at: Nullable(Timestamp()),
  finished_at: Nullable(Timestamp()),
  error: Nullable(OperationError),
});

export const OperationQuery = Obj({
  wait: Type.Optional(
    Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: 60,
      example: 30,
      description:
        'Seconds to wait for the operation to end. The answer may come earlier, so look at `terminal`. Of one team, 20 ' +
        'requests wait at once; further ones are answered at once.',
    }),
  ),
});

const { page, per_page, after, status, ids } = ListQuery('operations', 'uuid', STATES).properties;

export const OperationListQuery = Obj({
  page,
  per_page,
  after,
  status,
  resource_type: Type.Optional(
    LineText(50, 'vps', { description: 'Only operations of resources of this type.' }),
  ),
  resource_id: Type.Optional(
    LineText(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', {
      description: 'Only operations of this resource.',
    }),
  ),
  ids,
  sort: Type.Optional(
    Enum(['-created_at', 'created_at'], { description: 'The order. Newest first by default.' }),
  ),
});

export const OperationList = PageOf(Operation);

export const OperationAnswer = Component('OperationResponse', {
  success: Type.Boolean({ example: true }),
  data: Operation,
  error: Nullable(OperationError),
  meta: Obj({ request_id: Text(64, '0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19') }),
});
