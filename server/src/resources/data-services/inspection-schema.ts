import { type Static, type TProperties, Type } from 'typebox';
import {
  Component,
  Enum,
  Id,
  Int,
  List,
  Message,
  Nullable,
  Obj,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { Euros, StatusDetails } from '../instance-schema.ts';

/** What the API says of the inside of a database or cache. */

/** The envelope of diagnostic answers. */
const Diagnostic = <P extends TProperties>(data: P) =>
  Obj({
    success: Type.Boolean({ example: true }),
    data: Obj(data),
    error: Nullable(
      Obj({
        code: Text(60, 'unavailable'),
        message: Message('The instance does not answer.'),
        retryable: Type.Boolean({ example: true }),
      }),
    ),
    meta: Obj({
      request_id: Text(64, '0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19'),
      cursor: Type.Optional(
        Nullable(
          Text(60, '2026-01-15T09:30:00.12345-0000', {
            description: 'Send it to go on after the last entry.',
          }),
        ),
      ),
      truncated: Type.Optional(
        Type.Boolean({ example: false, description: 'True where `limit` left some out.' }),
      ),
      reason: Type.Optional(Nullable(Message('The database is stopped.'))),
    }),
  });

const Level = Enum(['debug', 'info', 'warn', 'error'], { example: 'info' });

export const Logs = Diagnostic({
  available: Type.Boolean({ example: true }),
  entries: List(
    Component('LogEntry', {
      timestamp: Timestamp(),
      message: Text(4000, 'database system is ready to accept connections'),
      level: Level,
      pod: Text(100, 'database-0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e'),
      container: Text(40, 'postgresql'),
      stream: Enum(['stderr']),
    }),
  ),
});

export const LogsQuery = Obj({
  since: Type.Optional(
    Text(40, '2026-01-15T09:30:00Z', {
      description: 'Not before this time (ISO 8601); oldest first from there.',
    }),
  ),
  until: Type.Optional(Text(40, '2026-01-15T10:30:00Z', { description: 'Not after this time (ISO 8601).' })),
  cursor: Type.Optional(
    Text(60, '2026-01-15T09:30:00.12345-0000', { description: '`meta.cursor` of the answer before.' }),
  ),
  limit: Type.Optional(
    Type.Integer({ format: 'int32', minimum: 1, maximum: 1000, default: 100, example: 100 }),
  ),
  level: Type.Optional(Enum(['debug', 'info', 'warn', 'error'], { description: 'This severe and worse.' })),
});
export type LogsQuery = Static<typeof LogsQuery>;

export const Events = Diagnostic({
  available: Type.Boolean({ example: true }),
  events: List(
    Component('ServiceEvent', {
      type: Enum(['Normal', 'Warning']),
      reason: Text(60, 'Created'),
      message: Message('The database was created and answers queries.'),
      resource: Text(100, 'database/shop'),
      count: Text(10, '1'),
      first_seen: Timestamp(),
      last_seen: Timestamp(),
    }),
  ),
});

export const Diagnosis = Diagnostic({
  verdict: Enum(['healthy', 'degraded', 'unhealthy', 'stopped']),
  status: StatusDetails,
  findings: List(
    Component('Finding', {
      code: Text(60, 'disk_nearly_full'),
      severity: Enum(['critical', 'warning', 'info']),
      summary: Message('91 % of its 10 GB of storage are in use.'),
      remediation: Nullable(Message('Grow its storage.')),
      retryable: Type.Boolean({ example: false }),
    }),
  ),
  sections: Obj({
    events: Nullable(
      Obj({
        available: Type.Boolean({ example: true }),
        count: Int(3),
        truncated: Type.Boolean({ example: false }),
      }),
    ),
    logs: Nullable(Obj({ available: Type.Boolean({ example: true }), sampled_lines: Int(120) })),
  }),
});

/** A count that the engine reported, up to what a number holds exactly. */
export const Count = (example: number, description?: string) =>
  Nullable(
    Type.Integer({
      format: 'int64',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      example,
      ...(description === undefined ? {} : { description }),
    }),
  );

export const Metrics = <S extends TProperties, H extends TProperties>(summary: S, health: H) =>
  Obj({
    summary: Obj({
      memory_used_bytes: Count(52_428_800),
      memory_used_mb: Nullable(Euros(50)),
      connected_clients: Count(4),
      max_clients: Count(100),
      ...summary,
      uptime_seconds: Count(3600),
      retrieved_at: Nullable(Timestamp()),
      reason: Nullable(Message('The database is stopped.')),
    }),
    health: Obj({
      is_healthy: Type.Boolean({
        example: true,
        description: 'It answered an authenticated query just now.',
      }),
      up_status: Enum(['up', 'down']),
      ...health,
      checked_at: Nullable(Timestamp()),
    }),
    instance: Obj({ id: Id(), name: Text(63, 'shop') }),
  });
