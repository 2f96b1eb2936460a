import type { Readable } from 'node:stream';
import { type Static, Type } from 'typebox';
import { ListQuery } from '../../http/listing.ts';
import { PageOf } from '../../http/pagination.ts';
import { Component, Enum, LineText, Nullable, NumberId, Obj, Text, Timestamp } from '../../http/schema.ts';

const Columns = (description: string, example: Record<string, unknown>) =>
  Nullable(
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      maxProperties: 200,
      example,
      description,
    }),
  );

export const OUTCOMES = ['done', 'refused', 'failed'] as const;

export const AuditEntry = Component('AuditEntry', {
  id: NumberId(1842, 'Its place in the log, without gaps.'),
  created_at: Timestamp(),
  team_id: Nullable(NumberId(1, 'The team that it concerns; null: none.')),
  account_id: Nullable(NumberId(1, 'Who did it; null: nobody who had signed in, or Danube itself.')),
  account_email: Nullable(Text(320, 'ada@example.org', { description: 'Its e-mail address at that time.' })),
  credential: Nullable(
    Enum(['token', 'session', 'host'], { description: '`host`: the command line of the host.' }),
  ),
  credential_id: Nullable(Text(100, '12', { description: 'Id of the token or session.' })),
  address: Nullable(Text(100, '192.0.2.10', { description: 'Where the request came from.' })),
  request_id: Nullable(Text(64, '0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19')),
  action: Text(100, 'updateVps', {
    description: 'What was done: the `operationId` of the request, or a word like it.',
  }),
  resource_type: Nullable(Text(50, 'vps')),
  resource_id: Nullable(Text(255, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e')),
  outcome: Enum(OUTCOMES, {
    description: '`refused`: for example because a scope is missing. `failed`: by a fault of Danube.',
  }),
  error_code: Nullable(Text(50, 'missing_scope', { description: 'Why it was not done.' })),
  before: Columns('What was changed, as it was before. Without secrets.', { name: 'web-1' }),
  after: Columns('What was changed or created, as it was afterwards.', { name: 'web-2' }),
  hash: Text(64, '6f1ed002ab5595859014ebf0951522d96f1ed002ab5595859014ebf0951522d9', {
    description: 'The keyed hash of the entry and of all before it, in hexadecimal.',
  }),
});
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditList = PageOf(AuditEntry);

const filters = {
  account: Type.Optional(
    Type.Integer({
      format: 'int64',
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      example: 1,
      description: 'Only what this account did.',
    }),
  ),
  resource_type: Type.Optional(
    LineText(50, 'vps', { description: 'Only what was done to resources of this type.' }),
  ),
  resource_id: Type.Optional(
    LineText(255, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', {
      description: 'Only what was done to this resource.',
    }),
  ),
};

/** `name` of a list is here the action. */
export const AuditQuery = ListQuery('entries', 'number', OUTCOMES, filters);
export type AuditQuery = Static<typeof AuditQuery>;

export const AuditExportQuery = Obj({
  since: Type.Integer({
    format: 'int64',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 0,
    example: 0,
    description: 'Begin after the entry with this id.',
  }),
});

/** Is sent as it is read. */
export const AuditLines = Type.Unsafe<Readable>({
  type: 'string',
  maxLength: 1_000_000_000,
  example: '{"id":1842,"action":"updateVps","outcome":"done"}\n',
});
