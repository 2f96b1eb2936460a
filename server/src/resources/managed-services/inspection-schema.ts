import { type Static, type TProperties, Type } from 'typebox';
import {
  Component,
  Enum,
  Id,
  List,
  Message,
  Nullable,
  Obj,
  Text,
  Timestamp,
  TimeText,
} from '../../http/schema.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';
import { Diagnostic } from '../../instances/inspection-schema.ts';
import { Decimal } from '../../instances/schema.ts';

/** Schemas of logs, metrics and diagnoses. */

const Level = Enum(['debug', 'info', 'warn', 'error'], { example: 'info' });

export const Logs = Diagnostic('Logs', {
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
    TimeText('2026-01-15T09:30:00Z', 'Only entries from this time on (ISO 8601), oldest first.'),
  ),
  until: Type.Optional(TimeText('2026-01-15T10:30:00Z', 'Only entries up to this time (ISO 8601).')),
  cursor: Type.Optional(
    Type.String({
      maxLength: 60,
      pattern: '^[0-9T:.-]*$',
      [PATTERN_MESSAGE]: 'must be the meta.cursor of an answer',
      example: '2026-01-15T09:30:00.12345-000000',
      description: '`meta.cursor` of the previous response.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ format: 'int32', minimum: 1, maximum: 1000, default: 100, example: 100 }),
  ),
  level: Type.Optional(
    Enum(['debug', 'info', 'warn', 'error'], { description: 'Only entries of this severity and above.' }),
  ),
});
export type LogsQuery = Static<typeof LogsQuery>;

/** A count reported by the engine, up to the largest safe integer. */
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

export const Metrics = <S extends TProperties, H extends TProperties>(name: string, summary: S, health: H) =>
  Component(name, {
    summary: Obj({
      memory_used_bytes: Count(52_428_800),
      memory_used_mb: Nullable(Decimal(50)),
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
        description: 'Whether it has just answered an authenticated query.',
      }),
      up_status: Enum(['up', 'down']),
      ...health,
      checked_at: Nullable(Timestamp()),
    }),
    instance: Obj({ id: Id(), name: Text(63, 'shop') }),
  });
