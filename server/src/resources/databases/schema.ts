import { type Static, Type } from 'typebox';
import { Fixed } from '../../http/fixed.ts';
import {
  Component,
  Enum,
  Int,
  LineText,
  Nullable,
  NumberId,
  Obj,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';
import { PlanName } from '../../instances/schema.ts';
import { settingChanges } from '../../instances/settings.ts';
import { providersOf } from '../../services/registry.ts';
import { Count, Metrics } from '../managed-services/inspection-schema.ts';
import {
  AutoscaleInput,
  addressMembers,
  credentialMembers,
  fixedMembers,
  headMembers,
  ServiceName,
  StorageGb,
  tailMembers,
} from '../managed-services/schema.ts';
import { ParametersInput } from '../parameter-groups/parameters-schema.ts';

export const Database = Component('Database', {
  ...headMembers,
  storage_size_gb: Int(10),
  database_name: Nullable(
    Text(64, 'shop', {
      description: 'The first database; null for the engine’s own. You can create more with SQL.',
    }),
  ),
  datacenter: Text(40, 'fsn1'),
  engine: Obj({ id: NumberId(1), name: Text(40, 'PostgreSQL') }),
  ...addressMembers(5432),
  proxy_dns_hostname: Nullable(
    Text(255, 'proxy.example.org', { description: 'Always null: there is no proxy.' }),
  ),
  proxy_dns_port: Nullable(Int(5432)),
  proxy_any_dns_port: Nullable(Int(5432)),
  username: Text(63, 'danube'),
  storage_autoscale_policy: Nullable(
    Component('StorageAutoscalePolicy', {
      enabled: Type.Boolean({ example: false }),
      threshold_percent: Int(80),
      increment_gib: Int(10),
      max_storage_gib: Int(10_000),
      last_scaled_at: Nullable(Timestamp()),
      last_checked_at: Nullable(Timestamp()),
    }),
  ),
  ...tailMembers({ max_connections: '200' }),
});

const autoscale = {
  storage_autoscaling_enabled: Type.Optional(AutoscaleInput.enabled),
  storage_autoscale_threshold_percent: Type.Optional(AutoscaleInput.threshold),
  storage_autoscale_increment_gib: Type.Optional(AutoscaleInput.increment),
};

export const CreateDatabase = Component(
  'CreateDatabase',
  {
    name: ServiceName,
    provider: Type.Optional(
      Nullable(
        Enum(providersOf('database').map(({ id }) => id) as [string, ...string[]], { example: 'postgresql' }),
      ),
    ),
    database_provider_id: Type.Optional(
      Nullable(NumberId(1, 'The provider as a number. One of the two is required.')),
    ),
    database_name: Type.Optional(
      Nullable(
        Type.String({
          minLength: 1,
          maxLength: 64,
          pattern: '^[a-zA-Z][a-zA-Z0-9_]*$',
          [PATTERN_MESSAGE]: 'may hold letters, digits and underscores, and begins with a letter',
          example: 'shop',
          description: 'The first database to create.',
        }),
      ),
    ),
    version: Type.Optional(
      Nullable(LineText(20, '17', { description: 'A version from `GET …/plans`; by default the newest.' })),
    ),
    configuration: Type.Optional(Nullable(ParametersInput({ max_connections: 200 }))),
    parameter_group_id: Type.Optional(Nullable(NumberId(7))),
    datacenter: LineText(40, 'fsn1'),
    resource_profile: PlanName,
    ...autoscale,
  },
  {
    example: {
      name: 'shop',
      provider: 'postgresql',
      version: '17',
      database_name: 'shop',
      datacenter: 'fsn1',
      resource_profile: 'micro',
    },
  },
);
export type CreateDatabase = Static<typeof CreateDatabase>;

export const UpdateDatabase = Component(
  'UpdateDatabase',
  {
    name: Type.Optional(ServiceName),
    configuration: Type.Optional(ParametersInput({ max_connections: 200 })),
    storage_size_gb: Type.Optional(StorageGb),
    resource_profile: Type.Optional(PlanName),
    parameter_group_id: Type.Optional(Nullable(NumberId(7))),
    ...settingChanges,
    ...fixedMembers,
    database_name: Fixed(LineText(64, 'shop'), 'Create databases with SQL.'),
    ...autoscale,
  },
  { minProperties: 1, example: { resource_profile: 'small', storage_size_gb: 30 } },
);
export type UpdateDatabase = Static<typeof UpdateDatabase>;

export const DatabaseCredentials = Component('DatabaseCredentials', {
  ...credentialMembers(5432, 'danube', 'postgresql://danube:kT7wq2mX@10.64.0.10:5432/shop?sslmode=require'),
  database: Nullable(Text(64, 'shop')),
});

export const DatabaseMetrics = Metrics(
  'DatabaseMetrics',
  {
    total_queries: Count(1200, 'Count since the engine started.'),
    slow_queries: Count(
      3,
      'Since the engine started: those that took 10 seconds or longer, unless a parameter says otherwise. Null where the engine does not ' +
        'note them, or noted more than could be counted.',
    ),
  },
  {},
);
