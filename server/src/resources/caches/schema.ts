import { type Static, Type } from 'typebox';
import { Component, Enum, Int, LineText, Nullable, NumberId, Text } from '../../http/schema.ts';
import { PlanName } from '../../instances/schema.ts';
import { settingChanges } from '../../instances/settings.ts';
import { providersOf } from '../../services/registry.ts';
import { Count, Metrics } from '../managed-services/inspection-schema.ts';
import {
  addressMembers,
  credentialMembers,
  fixedMembers,
  headMembers,
  ServiceName,
  tailMembers,
} from '../managed-services/schema.ts';
import { ParametersInput } from '../parameter-groups/parameters-schema.ts';

export const Cache = Component('Cache', {
  ...headMembers,
  datacenter: Text(40, 'fsn1'),
  ...addressMembers(6380),
  plain_port: Nullable(Int(6379, { description: 'The port without TLS, in the team’s network.' })),
  ...tailMembers({ 'maxmemory-policy': 'allkeys-lru' }),
});

export const CreateCache = Component(
  'CreateCache',
  {
    name: ServiceName,
    provider: Type.Optional(
      Nullable(Enum(providersOf('cache').map(({ id }) => id) as [string, ...string[]], { example: 'redis' })),
    ),
    cache_provider_id: Type.Optional(
      Nullable(NumberId(4, 'The provider as a number. One of the two is required.')),
    ),
    version: Type.Optional(
      Nullable(LineText(20, '8.0', { description: 'A version from `GET …/plans`; by default the newest.' })),
    ),
    configuration: Type.Optional(Nullable(ParametersInput({ 'maxmemory-policy': 'allkeys-lfu' }))),
    parameter_group_id: Type.Optional(Nullable(NumberId(7))),
    datacenter: LineText(40, 'fsn1'),
    resource_profile: PlanName,
  },
  { example: { name: 'sessions', provider: 'redis', datacenter: 'fsn1', resource_profile: 'micro' } },
);
export type CreateCache = Static<typeof CreateCache>;

export const UpdateCache = Component(
  'UpdateCache',
  {
    name: Type.Optional(ServiceName),
    configuration: Type.Optional(ParametersInput({ 'maxmemory-policy': 'allkeys-lfu' })),
    resource_profile: Type.Optional(PlanName),
    parameter_group_id: Type.Optional(Nullable(NumberId(7))),
    ...settingChanges,
    ...fixedMembers,
  },
  { minProperties: 1, example: { resource_profile: 'small' } },
);
export type UpdateCache = Static<typeof UpdateCache>;

export const CacheCredentials = Component(
  'CacheCredentials',
  credentialMembers(6380, 'default', 'rediss://default:kT7wq2mX@10.64.0.10:6380/'),
);

export const CacheMetrics = Metrics(
  'CacheMetrics',
  {
    total_commands_processed: Count(1200, 'Count since the engine started.'),
    keyspace_hits: Count(900),
    keyspace_misses: Count(100),
    hit_ratio_percentage: Nullable(
      Type.Number({
        minimum: 0,
        maximum: 100,
        example: 90,
        description: '0 until the first read. Null only if the cache does not answer.',
      }),
    ),
  },
  { redis_up: Enum(['up', 'down'], { description: 'The same as `up_status`.' }) },
);
