import { type TSchema, Type } from 'typebox';
import { Component, Enum, Int, LineText, Message, Nullable, Obj, Text, Timestamp } from '../http/schema.ts';
import { kindNames } from './kinds.ts';

/** What the schemas of all instances (VPS, databases, caches) have in common. */

export const Address4 = Nullable(Text(15, '10.64.0.10', { format: 'ipv4' }));
export const Address6 = Nullable(Text(45, 'fd2a:41c0:77e1::a', { format: 'ipv6' }));
export const Decimal = (example: number) => Type.Number({ minimum: 0, maximum: 1_000_000, example });
export const Flag = (description: string) => Type.Boolean({ example: true, description });
export const StatusLabel = Text(20, 'Running', { description: 'The status as text for people.' });

export const StatusDetails = Component('StatusDetails', {
  summary: Message('The server is running.'),
  health: Enum(['healthy', 'progressing', 'stopped', 'unhealthy']),
  observed_at: Nullable(Timestamp('When this status was last compared with the data plane.')),
  stale: Type.Boolean({
    example: false,
    description: 'Whether the last comparison is more than a minute old.',
  }),
  operation: Obj({
    state: Enum(['succeeded', 'running', 'failed']),
    terminal: Type.Boolean({ example: true, description: 'Whether no operation is in progress.' }),
  }),
  error: Nullable(
    Obj(
      {
        code: Text(60, 'image_build_failed'),
        source: Nullable(Text(60, 'engine')),
        resource: Nullable(Obj({ kind: Nullable(Text(60, 'vps')), name: Nullable(Text(255, 'web-1')) })),
        reason: Nullable(Text(60, 'image_build_failed')),
        message: Nullable(Message('The image could not be built.')),
        retryable: Type.Boolean({ example: true, description: 'Whether trying again can help.' }),
        observed_at: Nullable(Timestamp()),
      },
      // Of a server that runs, like the other examples.
      { example: null },
    ),
  ),
});

export const Capabilities = Component('Capabilities', {
  logs: Type.Boolean({ example: true, description: 'Whether `GET …/logs` is available.' }),
  events: Type.Boolean({ example: true }),
  diagnose: Type.Boolean({ example: true }),
  build_logs: Type.Boolean({ example: false }),
});

export const PlanName = LineText(40, 'micro', { description: 'A name from `GET …/plans`.' });

/** Members of plans of all kinds, as `viewPlanCommon` gives them. */
export const planMembers = <Name extends TSchema>(name: Name, displayName: string) => ({
  name,
  resource_profile: name,
  slug: name,
  display_name: Text(100, displayName),
  storage_size_gb: Int(40),
  storage_gb: Int(40),
  monthly_cost_cents: Int(449),
  monthly_cost_dollars: Decimal(4.49),
  monthly_cost: Decimal(4.49),
  currency: Enum(['EUR']),
});

/** The kind of an instance, as firewalls name it. */
export const KindName = Type.Unsafe<string>({ type: 'string', enum: kindNames(), example: 'vps' });
