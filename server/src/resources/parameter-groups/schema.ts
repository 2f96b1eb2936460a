import { type Static, Type } from 'typebox';
import { Fixed } from '../../http/fixed.ts';
import { ListQuery } from '../../http/listing.ts';
import {
  Component,
  DescriptionText,
  Enum,
  LineText,
  List,
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
import { PROVIDERS } from '../../services/registry.ts';
import { ParametersInput, ParametersOutput } from './parameters-schema.ts';

const EXAMPLE = { max_connections: '200' };

const Name = NameText(100, 'analytics');
const Description = DescriptionText(1000, 'For long reports.');
const ProviderType = Enum(PROVIDERS.map(({ id }) => id) as [string, ...string[]], { example: 'postgresql' });
const Locked = List(LineText(100, 'work_mem'), {
  maxItems: 200,
  description: 'Parameters that instances in the group cannot set themselves.',
});
const Default = Type.Boolean({
  example: false,
  description: 'Whether the team’s new instances of this engine use the group by default.',
});
const Active = Type.Boolean({ example: true, description: 'Whether instances can start using it.' });

export const ParameterGroup = Component('ParameterGroup', {
  id: NumberId(7),
  name: Name,
  type: Enum(['cache', 'database'], { example: 'database' }),
  provider_type: ProviderType,
  family: Nullable(Text(20, '17', { description: 'Version of the engine. Null means all versions.' })),
  description: Description,
  parameters: ParametersOutput(EXAMPLE),
  locked_parameters: Locked,
  restart_parameters: List(Text(100, 'max_connections'), {
    maxItems: 200,
    description: 'Those of its parameters that take effect only at the next start of an instance.',
  }),
  team_id: Nullable(NumberId(1, 'Null for built-in groups.')),
  is_default: Default,
  is_active: Active,
  is_system: Type.Boolean({
    example: false,
    description: 'Whether it is a built-in group, which cannot be changed.',
  }),
  created_at: Nullable(Timestamp()),
  updated_at: Nullable(Timestamp()),
});

export const GroupQuery = ListQuery('parameter groups', 'number', null, {
  type: Type.Optional(
    Enum(['cache', 'database'], { description: 'Only groups for databases, or for caches.' }),
  ),
  provider_type: Type.Optional(LineText(40, 'postgresql', { description: 'Only groups for this engine.' })),
});
export type GroupQuery = Static<typeof GroupQuery>;

export const CreateParameterGroup = Component(
  'CreateParameterGroup',
  {
    name: Name,
    type: Enum(['cache', 'database', 'queue'], { example: 'database' }),
    provider_type: ProviderType,
    family: Type.Optional(Nullable(LineText(20, '17'))),
    description: Type.Optional(Description),
    parameters: ParametersInput({ max_connections: 200 }),
    locked_parameters: Type.Optional(Nullable(Locked)),
    is_default: Type.Optional(Default),
  },
  {
    example: {
      name: 'analytics',
      type: 'database',
      provider_type: 'postgresql',
      family: '17',
      parameters: { work_mem: '64MB' },
    },
  },
);
export type CreateParameterGroup = Static<typeof CreateParameterGroup>;

export const UpdateParameterGroup = Component(
  'UpdateParameterGroup',
  {
    name: Type.Optional(Name),
    description: Type.Optional(Description),
    parameters: Type.Optional(ParametersInput({ max_connections: 200 })),
    locked_parameters: Type.Optional(Nullable(Locked)),
    is_default: Type.Optional(Default),
    is_active: Type.Optional(Active),
    type: Fixed(Enum(['cache', 'database'])),
    provider_type: Fixed(ProviderType),
    family: Fixed(LineText(20, '17')),
  },
  { minProperties: 1, example: { parameters: { work_mem: '32MB' } } },
);
export type UpdateParameterGroup = Static<typeof UpdateParameterGroup>;

export const CloneParameterGroup = Component(
  'CloneParameterGroup',
  { name: Type.Optional(Nullable(Name)) },
  { example: { name: 'analytics-2' } },
);
export type CloneParameterGroup = Static<typeof CloneParameterGroup>;

const Bound = (description: string) =>
  Nullable(Type.Number({ minimum: -Number.MAX_VALUE, maximum: Number.MAX_VALUE, example: 1, description }));

const EngineParameter = Component('EngineParameter', {
  name: Text(100, 'log_statement'),
  description: Nullable(
    Text(4000, 'Sets the type of statements logged.', {
      description: 'What the engine itself says of it. Null: it says nothing.',
    }),
  ),
  type: Enum(['boolean', 'integer', 'number', 'string', 'enum'], { example: 'enum' }),
  default: Nullable(
    Text(4000, 'none', { description: 'The engine’s own. Danube sets others for some, by the plan.' }),
  ),
  minimum: Bound('The least value.'),
  maximum: Bound('The greatest value.'),
  values: Nullable(
    List(Text(200, 'none'), {
      maxItems: 5000,
      description: 'Those that it can have. Null: any of its type.',
    }),
  ),
  unit: Nullable(Text(20, 'kB', { description: 'Of a number that is given without one.' })),
  needs_restart: Type.Boolean({
    example: true,
    description: 'Whether a change takes effect only at the next start.',
  }),
  locked: Type.Boolean({ example: false, description: 'Whether Danube sets it, so that nobody else can.' }),
});

export const ParameterQuery = Obj({
  provider_type: ProviderType,
  family: Type.Optional(LineText(20, '17', { description: 'Version of the engine; by default the newest.' })),
});
export type ParameterQuery = Static<typeof ParameterQuery>;

export const EngineParameterList = Component('EngineParameterList', {
  provider_type: ProviderType,
  family: Text(20, '17', { description: 'The version that these are the parameters of.' }),
  data: List(EngineParameter, { maxItems: 5000 }),
});

export const GroupParams = Obj({ parameterGroup: PathId('integer', 'Id of the parameter group.') });
export const GroupAnswer = Component('ParameterGroupResponse', { parameter_group: ParameterGroup });
export const GroupWritten = Component('ParameterGroupWritten', {
  message: Message('The parameter group was created.'),
  parameter_group: ParameterGroup,
  warnings: Warnings,
});
export const GroupDeleted = Component('ParameterGroupDeleted', {
  message: Message('The parameter group was deleted.'),
});
