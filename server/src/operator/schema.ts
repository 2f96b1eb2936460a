import { type Static, Type } from 'typebox';
import { ListQuery } from '../http/listing.ts';
import { PageOf } from '../http/pagination.ts';
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
  Obj,
  Text,
  Timestamp,
  TimeText,
} from '../http/schema.ts';
import { Warnings } from '../http/warnings.ts';
import { OperationId } from '../operations/schema.ts';

/** An amount of what a host has, which may be large. */
const Amount = (example: number, options: { description?: string } = {}) =>
  Type.Integer({ format: 'int64', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, example, ...options });

const TIERS = ['free', 'starter', 'pro', 'enterprise'] as const;

/** A text to look for. */
const Part = (example: string, description: string) => Type.Optional(LineText(255, example, { description }));

export const ACCOUNT_STATUSES = ['active', 'unconfirmed', 'disabled', 'deleted'] as const;

const Limits = Type.Array(Int(1000, { minimum: 1 }), {
  minItems: 3,
  maxItems: 3,
  example: [600, 20_000, 400_000],
  description: 'Requests per minute, hour and day.',
});

export const OperatorAccount = Component('OperatorAccount', {
  id: NumberId(7),
  email: Text(320, 'ada@example.org'),
  name: Text(255, 'Ada'),
  status: Enum(ACCOUNT_STATUSES, {
    description:
      '`unconfirmed`: its address is not confirmed yet. `disabled`: it can neither sign in nor act.',
  }),
  operator: Type.Boolean({ example: false, description: 'Set by `danube operator grant` on the host.' }),
  tier: Enum(TIERS, { description: 'Decides the rate limits.' }),
  rate_limits: Nullable(Limits),
  team_limit: Nullable(Int(5, { description: 'How many teams it may own; null: the default.' })),
  teams: Int(1, { description: 'How many teams it is a member of.' }),
  tokens: Int(2, { description: 'How many tokens it has that are not revoked.' }),
  created_at: Timestamp(),
});

export const OperatorAccountList = PageOf(OperatorAccount);
export const OperatorAccountAnswer = Component('OperatorAccountResponse', { account: OperatorAccount });
/** `name` of a list is here the e-mail address. */
export const OperatorAccountQuery = ListQuery('accounts', 'number', ACCOUNT_STATUSES, {
  q: Part('ada', 'Only accounts whose e-mail address or name has this text anywhere.'),
});

export const UpdateAccount = Component(
  'UpdateOperatorAccount',
  {
    tier: Type.Optional(Enum(TIERS, { description: 'Decides the rate limits.' })),
    rate_limits: Type.Optional(Nullable(Limits)),
    team_limit: Type.Optional(Nullable(Int(5, { maximum: 10_000, description: 'Null: the default.' }))),
  },
  { minProperties: 1 },
);
export type UpdateAccount = Static<typeof UpdateAccount>;
export const AccountUpdated = Component('OperatorAccountUpdated', {
  message: Message('Account updated.'),
  account: OperatorAccount,
  warnings: Warnings,
});

export const AccountDisabled = Component('OperatorAccountDisabled', {
  message: Message('Account disabled.'),
  account: OperatorAccount,
  warnings: Warnings,
});
export const AccountEnabled = Component('OperatorAccountEnabled', {
  message: Message('Account enabled.'),
  account: OperatorAccount,
  warnings: Warnings,
});

const Quotas = Type.Unsafe<Record<string, number>>({
  type: 'object',
  additionalProperties: { type: 'integer', format: 'int32', minimum: 0, maximum: 1_000_000, example: 50 },
  maxProperties: 100,
  example: { vps: 50 },
  description: 'Quotas that differ from the default, by kind.',
});

export const OperatorTeam = Component('OperatorTeam', {
  id: NumberId(1),
  name: Text(255, 'Shop'),
  personal_team: Type.Boolean({ example: false }),
  members: Int(3),
  has_owner: Type.Boolean({ example: true, description: 'Whether an owner can sign in.' }),
  quotas: Quotas,
  used: Type.Unsafe<Record<string, number>>({ ...Quotas, description: 'What it has, by kind.' }),
  deleted_at: Nullable(Timestamp()),
  created_at: Timestamp(),
});
export const OperatorTeamList = PageOf(OperatorTeam);
export const OperatorTeamAnswer = Component('OperatorTeamResponse', { team: OperatorTeam });
export const OperatorTeamQuery = ListQuery('teams', 'number', null, {
  q: Part('shop', 'Only teams whose name has this text anywhere, and the one whose id it is.'),
});

export const UpdateTeam = Component('UpdateOperatorTeam', { quotas: Quotas });
export const TeamUpdated = Component('OperatorTeamUpdated', {
  message: Message('Quotas set.'),
  team: OperatorTeam,
  warnings: Warnings,
});

export const HandOverTeam = Component('HandOverTeam', {
  account: NumberId(7, 'Number of the account that becomes the owner, a member or not.'),
});
export const TeamHandedOver = Component('OperatorTeamHandedOver', {
  message: Message('The team belongs to Ada now.'),
  team: OperatorTeam,
  warnings: Warnings,
});

export const OperatorPlan = Component('OperatorPlan', {
  kind: Text(50, 'vps'),
  name: Text(100, 'nano_shared'),
  vcpu: Int(2),
  memory_mb: Int(2048),
  disk_gb: Int(40),
  price_cents: Int(449, { description: 'Per month, in cents of EUR.' }),
  enabled: Type.Boolean({ example: true, description: 'Whether it is offered.' }),
});
export const OperatorPlanList = Component('OperatorPlanList', { data: List(OperatorPlan) });
export const UpdatePlan = Component('UpdateOperatorPlan', {
  kind: LineText(50, 'vps'),
  name: LineText(100, 'nano_shared'),
  price_cents: Type.Optional(
    Int(449, { maximum: 100_000_000, description: 'Of instances created from now on.' }),
  ),
  enabled: Type.Optional(Type.Boolean({ example: true, description: 'Whether it is offered.' })),
});
export type UpdatePlan = Static<typeof UpdatePlan>;
export const PlanUpdated = Component('OperatorPlanUpdated', {
  message: Message('Plan updated.'),
  plan: OperatorPlan,
});

export const OperatorStatus = Component('OperatorStatus', {
  capacity: Component('OperatorCapacity', {
    memory_mb: Nullable(Amount(64_000, { description: 'Of the host, without its reserve.' })),
    memory_limit_mb: Nullable(Amount(64_000, { description: 'What may be promised.' })),
    memory_promised_mb: Amount(8_192),
    disk_limit_gb: Nullable(Amount(2_000, { description: 'What may be promised.' })),
    disk_promised_gb: Amount(400),
    pool_mb: Nullable(Amount(1_000_000)),
    pool_free_mb: Nullable(Amount(900_000)),
    pool_refusal: Nullable(
      Text(2000, 'read-only', { description: 'Why the pool takes no writes; null: it does.' }),
    ),
    observed_at: Nullable(Timestamp()),
  }),
  operations: Component('OperatorOperationCounts', {
    queued: Int(0, { description: 'Wait for another operation, or for a worker.' }),
    running: Int(1),
    hanging: Int(0, { description: 'Began more than 30 minutes ago, and have not ended.' }),
    failed_24h: Int(0, { description: 'Failed within the last day.' }),
  }),
  workers: List(Component('OperatorWorker', { id: Text(200, 'main'), heartbeat_at: Timestamp() }), {
    description: 'Processes that take work. One without a heartbeat for 30 seconds is dead.',
  }),
  reconcilers: List(
    Component('OperatorReconciler', { name: Text(100, 'instances'), finished_at: Timestamp() }),
    {
      description: 'When each last finished a pass.',
    },
  ),
});

const Fullness = Component('OperatorFullness', {
  unit: Enum(['mb', 'gb'], { description: 'Of `used` and `limit`.' }),
  used: Nullable(Amount(8_192)),
  limit: Nullable(Amount(64_000, { description: 'What may be promised, or stored.' })),
  days_until_full: Nullable(
    Int(120, { description: 'If it goes on to grow as in the last 30 days; null: see `reason`.' }),
  ),
  reason: Nullable(
    Enum(['no_history', 'not_growing', 'far_away', 'no_limit'], {
      description:
        'Why there is no forecast: less than three days were seen, it does not grow, it takes more than ten years, or the limit ' +
        'is not known.',
    }),
  ),
});
export const OperatorCapacityReport = Component('OperatorCapacityReport', {
  memory: Fullness,
  disk: Fullness,
  pool: Fullness,
  trend_days: Int(30, { description: 'How many days the forecast is made from.' }),
  history: List(
    Component('OperatorCapacityDay', {
      at: Timestamp(),
      memory_promised_mb: Amount(8_192),
      disk_promised_gb: Amount(400),
      pool_used_mb: Amount(100_000),
    }),
    { description: 'One sample of each of the last 90 days, the oldest first.' },
  ),
  observed_at: Nullable(Timestamp()),
});

export const OperatorImageList = Component('OperatorImageList', {
  data: List(
    Component('OperatorImage', {
      name: Text(100, 'debian-12'),
      state: Enum(['ready', 'buildable', 'unavailable'], {
        description: '`buildable`: built or downloaded at the first use, or ahead of it.',
      }),
      reason: Nullable(Text(2000, 'The image server cannot be reached.')),
      is_ordered: Type.Boolean({
        example: false,
        description: 'Whether it is to be built without being asked for.',
      }),
      is_building: Type.Boolean({ example: false }),
      step: Nullable(Text(500, 'Installing packages')),
      percent: Nullable(Int(40, { maximum: 100 })),
      failures: Int(0, { description: 'How often the build has failed since it last succeeded.' }),
      error: Nullable(Text(2000, 'The mirror does not answer.')),
    }),
  ),
});
export const RebuildImage = Component('RebuildImage', { name: LineText(100, 'debian-12') });
export const RebuildOrdered = Component('ImageRebuildOrdered', {
  message: Message('The image will be built anew.'),
});

const SEVERITIES = ['info', 'warning'] as const;
const Announcement = Component('Announcement', {
  id: NumberId(4),
  severity: Enum(SEVERITIES, { description: 'How it is shown.' }),
  text: Text(500, 'Maintenance on Sunday from 06:00 to 07:00 UTC.'),
  starts_at: Timestamp(),
  ends_at: Nullable(Timestamp('Null: until it is deleted.')),
});
export const AnnouncementList = Component('AnnouncementList', { data: List(Announcement) });
export const Announce = Component('CreateAnnouncement', {
  severity: Enum(SEVERITIES, { description: 'How it is shown.' }),
  text: NameText(500, 'Maintenance on Sunday from 06:00 to 07:00 UTC.'),
  starts_at: Type.Optional(
    Nullable(TimeText('2099-01-15T09:30:00Z', 'From when on it is shown; null or left out: at once.')),
  ),
  ends_at: Type.Optional(
    Nullable(TimeText('2099-01-16T09:30:00Z', 'Until when; null or left out: until it is deleted.')),
  ),
});
export type Announce = Static<typeof Announce>;
export const AnnouncementMade = Component('AnnouncementCreated', {
  message: Message('Announced.'),
  announcement: Announcement,
  warnings: Warnings,
});
export const AnnouncementRemoved = Component('AnnouncementDeleted', {
  message: Message('The announcement has ended.'),
});

export const TROUBLES = ['failed', 'hanging'] as const;

export const OperatorOperation = Component('OperatorOperation', {
  id: Id(),
  team_id: NumberId(1),
  resource_type: Text(50, 'vps'),
  resource_id: Text(100, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e'),
  kind: Text(50, 'create'),
  state: Text(50, 'failed'),
  step: Nullable(Text(100, 'image')),
  error: Nullable(Text(2000, 'The image could not be built.')),
  actions: List(Enum(['retry', 'end'], { description: 'One that is possible at the moment.' }), {
    description: 'What an operator can do about it.',
  }),
  created_at: Timestamp(),
  started_at: Nullable(Timestamp()),
  end_requested_at: Nullable(Timestamp('When an operator asked for its end.')),
  finished_at: Nullable(Timestamp()),
});
export const OperatorOperationList = PageOf(OperatorOperation);
export const OperatorOperationQuery = ListQuery('operations', 'uuid', TROUBLES);
export const OperationRetried = Component('OperatorOperationRetried', {
  message: Message('It will be tried again.'),
  operation_id: OperationId,
});
export const OperationEnds = Component('OperatorOperationEnds', { message: Message('It will end.') });

export const onAccount = Obj({ account: pathNumber('Number of the account.') });
export const onTeam = Obj({ operatorTeam: pathNumber('Number of the team.') });
function pathNumber(description: string) {
  return Type.String({ maxLength: 1000, description, example: '12', 'x-id': 'integer' });
}
