import { type TProperties, Type } from 'typebox';
import { Component, Enum, Int, List, Message, Nullable, Obj, Text, Timestamp } from '../http/schema.ts';
import { StatusDetails } from './schema.ts';

/** Schemas of instances' events and diagnoses. */

/** The response schema of what inspects an instance: `NAMEResponse`, with `NAME` as its `data`. */
export const Diagnostic = <P extends TProperties>(name: string, data: P) =>
  Component(`${name}Response`, {
    success: Type.Boolean({ example: true }),
    data: Component(name, data),
    error: Nullable(
      Component('DiagnosticError', {
        code: Text(60, 'unavailable'),
        message: Message('The instance does not answer.'),
        retryable: Type.Boolean({ example: true }),
      }),
    ),
    meta: Component('DiagnosticMeta', {
      request_id: Text(64, '0198c5a2-8100-7b3c-8a4f-6d5e4c3b2a19'),
      cursor: Type.Optional(
        Nullable(
          Text(60, '2026-01-15T09:30:00.12345-0000', {
            description: 'Send it with the next request to continue after the last entry.',
          }),
        ),
      ),
      truncated: Type.Optional(
        Type.Boolean({ example: false, description: 'Whether `limit` left entries out.' }),
      ),
      reason: Type.Optional(Nullable(Message('The database is stopped.'))),
    }),
  });

export const Events = Diagnostic('InstanceEvents', {
  available: Type.Boolean({ example: true }),
  events: List(
    Component('InstanceEvent', {
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

export const Findings = List(
  Component('Finding', {
    code: Text(60, 'disk_nearly_full'),
    severity: Enum(['critical', 'warning', 'info']),
    summary: Message('91 % of its 10 GB of storage are in use.'),
    remediation: Nullable(Message('Grow its storage.')),
    retryable: Type.Boolean({ example: false }),
  }),
);

export const SectionOfEvents = Obj({
  available: Type.Boolean({ example: true }),
  count: Int(3),
  truncated: Type.Boolean({ example: false }),
});

export const Diagnosis = Diagnostic('Diagnosis', {
  verdict: Enum(['healthy', 'degraded', 'unhealthy', 'stopped']),
  status: StatusDetails,
  findings: Findings,
  sections: Obj({
    events: Nullable(SectionOfEvents),
    logs: Nullable(Obj({ available: Type.Boolean({ example: true }), sampled_lines: Int(120) })),
    disk: Obj({
      size_gb: Int(40, { description: 'How much the instance can store. Writes beyond it fail.' }),
      used_mb: Nullable(
        Int(3120, {
          description:
            '1 GB is 1,024 MB. `df` in the instance shows a different figure. Null if it is not known at the moment.',
        }),
      ),
    }),
  }),
});
