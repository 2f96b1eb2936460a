import { Type } from 'typebox';
import { ListQuery } from '../../http/listing.ts';
import {
  Component,
  DescriptionText,
  Enum,
  Id,
  Int,
  LineText,
  Message,
  NameText,
  Nullable,
  NumberId,
  Obj,
  PathId,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { Warnings } from '../../http/warnings.ts';
import { kindOf } from '../../instances/kinds.ts';
import { PlanName } from '../../instances/schema.ts';
import { ActionAnswer, OperationId } from '../../operations/schema.ts';
import { REASONS, SNAPSHOT_STATUSES, type SnapshotStatus } from './states.ts';

const Status = Enum(SNAPSHOT_STATUSES, { example: 'ready' });

const Name = NameText(255, 'before-upgrade');

const Description = DescriptionText(1000, 'Before the upgrade to 2.0.');

const Bytes = Type.Integer({
  format: 'int64',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  example: 1_503_238_553,
  description: 'How much data the snapshot holds. 0 until it is ready.',
});

const size = (example: number) =>
  Type.Number({
    minimum: 0,
    maximum: 1e9,
    example,
    description: 'How much data the snapshot holds. 0 until it is ready.',
  });

const Verification = Component('SnapshotVerification', {
  ok: Type.Boolean({
    example: true,
    description: 'Whether the restored instance answered and its data were intact.',
  }),
  seconds_to_restore: Nullable(
    Type.Number({
      minimum: 0,
      maximum: 1e9,
      example: 4.2,
      description: 'How long it took from the snapshot to an instance that answers.',
    }),
  ),
  items: Nullable(
    Type.Integer({
      format: 'int64',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      example: 120_000,
      description: 'The number of rows in all tables, or of keys in a cache. Null for a server.',
    }),
  ),
  message: Nullable(Message('pg_amcheck found nothing wrong.')),
});

const SnapshotError = Component('SnapshotError', {
  code: Text(60, 'failed'),
  message: Message('The host refused.'),
  retryable: Type.Boolean({ example: false }),
});

/** The schema of snapshots of a kind; some members are named for the instance. */
function snapshotOf(kind: string) {
  const { label, noun, snapshots } = kindOf(kind);
  const { member, sizeUnit, details, example } = snapshots;
  return Component(`${label}Snapshot`, {
    id: NumberId(12),
    resource_id: Id('0198c5a2-7f80-7d21-8c4e-9b1a2f3d4e5f', 'What operations and events call it.'),
    name: Text(255, 'before-upgrade'),
    description: Nullable(Text(1000, 'Before the upgrade to 2.0.')),
    status: Status,
    ...(sizeUnit === 'mb' ? { size_mb: size(143.6) } : { size_gb: size(1.4) }),
    size_bytes: Bytes,
    [`${member}_id`]: Id(),
    [member]: Obj({ id: Id(), name: Text(255, example.name) }),
    reason: Enum(REASONS, {
      description:
        `\`manual\`: by request. \`automatic\`: the daily snapshot. \`safety\`: the state of the ${noun} before ` +
        'a restore.',
    }),
    automatic: Type.Boolean({
      example: false,
      description:
        'Whether Danube took it automatically. Such snapshots do not count towards the quota, and Danube deletes ' +
        'old ones.',
    }),
    resource_profile: PlanName,
    storage_size_gb: Int(example.diskGb, { description: `Size of the ${noun}’s disk at that time, in GB.` }),
    ...details,
    last_verified_at: Nullable(Timestamp('When it was last restored in a restore drill.')),
    verification: Nullable(Verification),
    error: Nullable(SnapshotError),
    created_at: Timestamp(),
    updated_at: Timestamp(),
    team_id: NumberId(1),
    user_id: Nullable(NumberId(1, 'Null if Danube took it automatically.')),
  });
}

/** All schemas of a kind's routes. */
export function snapshotSchemas(kind: string) {
  const { label, noun, snapshots } = kindOf(kind);
  const { member, param } = snapshots;
  const snapshot = snapshotOf(kind);
  return {
    params: Obj({ [param]: PathId('integer', 'Id of the snapshot.') }),
    query: ListQuery('snapshots', 'number', SNAPSHOT_STATUSES, {
      [`${member}_id`]: Type.Optional(
        LineText(64, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', {
          description: `Only snapshots of this ${noun}.`,
        }),
      ),
    }),
    snapshot,
    create: Component(`Create${label}Snapshot`, {
      [`${member}_id`]: Id(undefined, `The ${noun} to take a snapshot of.`),
      name: Name,
      description: Type.Optional(Description),
    }),
    created: Component(`${label}SnapshotCreated`, {
      message: Message('The snapshot is being taken. Ask for its status until it is ready.'),
      snapshot,
      warnings: Warnings,
      operation_id: OperationId,
    }),
    shown: Component(`${label}SnapshotResponse`, { snapshot }),
  };
}

/** The response to an action; `status` is the snapshot's. */
export const Action = (status: SnapshotStatus, message: string) =>
  ActionAnswer('Snapshot', SNAPSHOT_STATUSES, status, message);
