import { type Static, type TProperties, Type } from 'typebox';
import { Fixed } from '../../http/fixed.ts';
import {
  Component,
  Enum,
  Id,
  Int,
  LineText,
  List,
  Message,
  Nullable,
  NumberId,
  nameOf,
  Obj,
  PathId,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';
import { Warnings } from '../../http/warnings.ts';
import { InstanceQuery } from '../../instances/listing.ts';
import {
  Capabilities,
  Decimal,
  Flag,
  PlanName,
  planMembers,
  StatusDetails,
  StatusLabel,
} from '../../instances/schema.ts';
import { settingMembers } from '../../instances/settings.ts';
import { ActionAnswer, OperationId } from '../../operations/schema.ts';
import { providersOf } from '../../services/registry.ts';
import { ParametersOutput } from '../parameter-groups/parameters-schema.ts';
import { KINDS, type Kind } from './kinds.ts';
import { SERVICE_STATUSES, type ServiceStatus } from './states.ts';
import { MAX_STORAGE_GB } from './view.ts';

/** Parts of the schemas of databases and caches; each kind adds its own members and examples. */

export const Status = Enum(SERVICE_STATUSES, { example: 'running' });

export const ServiceQuery = InstanceQuery(SERVICE_STATUSES);

export const ServiceName = Type.String({
  minLength: 2,
  maxLength: 63,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  [PATTERN_MESSAGE]:
    'may hold lower-case letters, digits and hyphens, and begins and ends with a letter or digit',
  example: 'shop',
  description: 'Lower-case letters, digits and hyphens.',
});

export const AutoscaleInput = {
  enabled: Nullable(Flag('Whether the storage grows automatically when it fills up.')),
  threshold: Nullable(
    Int(80, {
      minimum: 50,
      maximum: 95,
      description: 'How full the storage must be before it grows, in per cent.',
    }),
  ),
  increment: Nullable(
    Int(10, { minimum: 1, maximum: 1000, description: 'How much it grows each time, in GB.' }),
  ),
};

export const StorageGb = Int(20, {
  minimum: 1,
  maximum: MAX_STORAGE_GB,
  description: 'Size of the storage in GB. It can grow, but never shrink.',
});

const ProviderView = Component('ServiceProvider', {
  id: NumberId(1),
  name: Text(40, 'PostgreSQL'),
  type: Text(40, 'postgresql'),
});

/** Members of databases and caches alike, in the order of the API. */
export const headMembers = {
  id: Id(),
  name: Text(63, 'shop'),
  status: Status,
  status_label: StatusLabel,
  status_details: StatusDetails,
  capabilities: Capabilities,
  resource_profile: PlanName,
  cpu_cores: Int(1),
  memory_size_mb: Int(1024),
  version: Text(20, '17'),
  provider_id: NumberId(1),
  provider: ProviderView,
};

/** Members of updates that cannot be changed. */
export const fixedMembers = {
  provider: Fixed(LineText(40, 'postgresql')),
  version: Fixed(LineText(20, '17')),
  datacenter: Fixed(LineText(40, 'fsn1')),
};

export const addressMembers = (port: number) => ({
  endpoint: Text(45, '10.64.0.10', { description: 'Its address in the team’s network.' }),
  port: Int(port),
  dns_hostname: Nullable(
    Text(255, '203.0.113.7', { description: 'Null unless it was published with `POST …/dns`.' }),
  ),
  dns_port: Nullable(Int(20_000)),
  internal_host: Text(255, 'ip-10-64-0-10.danube.internal', {
    description: 'Its name in the team’s network.',
  }),
  internal_port: Int(port),
  internal_endpoint: Text(300, `ip-10-64-0-10.danube.internal:${port}`),
  public_endpoint: Nullable(Text(300, '203.0.113.7:20000')),
  connection_host: Text(255, '10.64.0.10', { description: 'What clients should connect to now.' }),
  connection_port: Int(port),
});

export const tailMembers = (parameters: Record<string, string>) => ({
  configuration: ParametersOutput(parameters),
  parameter_group: Nullable(Component('ParameterGroupReference', { id: NumberId(7) })),
  pending_restart: List(Text(100, Object.keys(parameters)[0] ?? 'name'), {
    description: 'Parameters whose new values take effect at the next start.',
  }),
  ...settingMembers,
  monthly_cost_cents: Int(999),
  monthly_cost_dollars: Decimal(9.99),
  deployed_at: Nullable(Timestamp('When it was running for the first time.')),
  created_at: Timestamp(),
  updated_at: Timestamp(),
  team_id: NumberId(1),
  user_id: NumberId(1),
  can_be_started: Flag('Whether `start` is accepted now.'),
  can_be_stopped: Flag('Whether `stop` is accepted now.'),
  can_be_destroyed: Flag('Whether deletion is accepted now.'),
});

/** `{message, instance, operation_id}` of a creation. */
export const Created = <P extends TProperties>(instance: ReturnType<typeof Obj<P>>, noun: string) =>
  Component(`${nameOf(instance)}Created`, {
    message: Message(`The ${noun} is being created.`),
    instance,
    warnings: Warnings,
    operation_id: OperationId,
  });

export const Updated = <P extends TProperties>(instance: ReturnType<typeof Obj<P>>, noun: string) =>
  Component(`${nameOf(instance)}Updated`, {
    message: Message(`The ${noun} is being updated.`),
    instance,
    warnings: Warnings,
    operation_id: Nullable(OperationId),
  });

export const Shown = <P extends TProperties>(instance: ReturnType<typeof Obj<P>>, uri: string) =>
  Component(`${nameOf(instance)}Response`, {
    instance,
    connection_info: Nullable(
      Text(2000, uri, {
        description:
          'A URI without the password, which clients ask for or take from elsewhere. `GET …/credentials` returns one ' +
          'with it. Null until it has been running for the first time.',
      }),
    ),
    monthly_cost: Decimal(9.99),
  });

/** The response to an action; `status` is the instance's status during the action. */
export const Action = (label: string, status: ServiceStatus, message: string) =>
  ActionAnswer(label, SERVICE_STATUSES, status, message);

export const credentialMembers = (port: number, username: string, uri: string) => ({
  host: Text(255, '10.64.0.10'),
  port: Int(port),
  username: Text(63, username),
  password: Text(128, 'kT7wq2mXf9RzcV4hB3nYpLsD'),
  previous_password_expires_at: Nullable(
    Timestamp('Until when the password before the last rotation works, too. Null: it does not.'),
  ),
  connection_info: Text(2000, uri, { description: 'A URI that clients accept unchanged.' }),
});

export const RotateCredentials = Component(
  'RotateCredentials',
  {
    overlap_seconds: Type.Optional(
      Nullable(
        Int(3600, {
          minimum: 0,
          maximum: 604_800,
          description:
            'For how long the present password works beside the new one: by default a day, at most a week. With 0, ' +
            'it stops working at once.',
        }),
      ),
    ),
  },
  { example: { overlap_seconds: 3600 } },
);
export type RotateCredentials = Static<typeof RotateCredentials>;

export const Rotated = (label: string, noun: string) =>
  Component(`${label}CredentialsRotated`, {
    message: Message(`The ${noun} is getting a new password.`),
    status: Enum(SERVICE_STATUSES, { example: 'updating' }),
    operation_id: Nullable(OperationId),
  });

export const Published = (label: string, noun: string) =>
  Component(`${label}Published`, {
    message: Message(`The ${noun} is being published.`),
    dns_hostname: Text(255, '203.0.113.7'),
    dns_port: Nullable(Int(20_000)),
    operation_id: Nullable(OperationId),
  });

export const Withdrawn = (label: string, noun: string) =>
  Component(`${label}Withdrawn`, {
    message: Message(`The ${noun} is being withdrawn.`),
    operation_id: Nullable(OperationId),
  });

export const Plans = (kind: Kind) =>
  Component(`${KINDS[kind].label}PlanList`, {
    plans: List(
      Component(`${KINDS[kind].label}Plan`, {
        ...planMembers(PlanName, 'Small'),
        ...(kind === 'cache'
          ? { provider: Nullable(Text(40, 'redis', { description: 'The `provider` of the query.' })) }
          : {}),
        cpu_cores: Int(1),
        memory_size_mb: Int(1024),
        memory_mb: Int(1024),
      }),
    ),
    providers: List(
      Component(`${KINDS[kind].label}ProviderOffer`, {
        id: NumberId(1),
        type: Enum(providersOf(kind).map(({ id }) => id) as [string, ...string[]]),
        name: Text(40, providersOf(kind)[0]!.name),
        versions: List(Text(20, providersOf(kind)[0]!.versions[0]!.version)),
        default_version: Text(20, providersOf(kind)[0]!.versions[0]!.version),
        extensions: List(
          Component(`${KINDS[kind].label}Extensions`, {
            version: Text(20, providersOf(kind)[0]!.versions[0]!.version),
            names: List(Text(63, 'hstore')),
          }),
          { description: 'What the account may add with `CREATE EXTENSION`, by version.' },
        ),
      }),
    ),
  });

export const serviceParams = {
  database: Obj({ databaseInstance: PathId('uuid', 'Id of the database.') }),
  cache: Obj({ cacheInstance: PathId('uuid', 'Id of the cache.') }),
};

export const ProviderQuery = Obj({
  provider: Type.Optional(
    LineText(40, 'redis', {
      description: 'Lists only this engine. The list is empty if there is no such engine.',
    }),
  ),
});
