import { type Static, Type } from 'typebox';
import { Fixed } from '../../http/fixed.ts';
import { ListQuery } from '../../http/listing.ts';
import {
  Component,
  DescriptionText,
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
  PathId,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { Warnings } from '../../http/warnings.ts';
import { KindName } from '../../instances/schema.ts';
import { OperationId } from '../../operations/schema.ts';
import { MAX_CONFIRM_SECONDS, MAX_RULES, MIN_CONFIRM_SECONDS } from './limits.ts';
import {
  Action,
  Direction,
  FirewallRule,
  FirewallRuleInput,
  InstanceChoice,
  InstanceId,
  InstanceType,
  Port,
} from './rule-schema.ts';

export const FIREWALL_STATUSES = ['draft', 'active', 'applying', 'error'] as const;

const Name = NameText(255, 'web');
const Description = DescriptionText(1000, 'Web servers.');
const Status = Enum(FIREWALL_STATUSES, { example: 'active' });
const Address = LineText(45, '203.0.113.7');

export const FirewallQuery = ListQuery('firewalls', 'uuid', FIREWALL_STATUSES);
export type FirewallQuery = Static<typeof FirewallQuery>;

const FirewallError = Component('FirewallError', {
  code: Text(60, 'unreachable'),
  message: Message('The host does not answer.'),
  retryable: Type.Boolean({ example: true, description: 'Whether trying again can help.' }),
});

export const Firewall = Component('Firewall', {
  id: Id(),
  name: Name,
  description: Description,
  status: Enum(FIREWALL_STATUSES, {
    example: 'active',
    description:
      'State of the saved rules: not in force yet (`draft`), being applied, in force, or refused by the host ' +
      '(`error`).',
  }),
  error: Nullable(FirewallError),
  is_default: Type.Boolean({
    example: false,
    description:
      'Whether it was created with an instance. It is deleted with the last instance that it is attached to.',
  }),
  default_action: Enum(['deny'], {
    description: 'What happens to inbound packets that no rule matches. Outbound packets pass.',
  }),
  rules: List(FirewallRule, { maxItems: MAX_RULES }),
  attached_instances: List(
    Component('FirewallInstance', { id: Id(), type: KindName, name: Text(255, 'web-1') }),
  ),
  confirm_by: Nullable(Timestamp('When the previous rules are restored, unless `confirm` is called before.')),
  created_at: Timestamp(),
  updated_at: Timestamp(),
  team_id: NumberId(1),
});
export type FirewallView = Static<typeof Firewall>;

const AttachedInstances = List(InstanceChoice);
const Rules = Nullable(List(FirewallRuleInput, { maxItems: MAX_RULES }));

export const CreateFirewall = Component(
  'CreateFirewall',
  {
    name: Name,
    description: Type.Optional(Description),
    attached_instances: Type.Optional(AttachedInstances),
    rules: Type.Optional(Rules),
  },
  {
    // A request that works as it is.
    example: {
      name: 'web',
      description: 'Web servers.',
      rules: [
        { name: 'https', direction: 'inbound', protocol: 'tcp', port: 443 },
        {
          name: 'admin',
          direction: 'inbound',
          protocol: 'tcp',
          port: 22,
          source_ips: ['203.0.113.0/24', '2001:db8::/32'],
        },
      ],
    },
  },
);
export type CreateFirewall = Static<typeof CreateFirewall>;

export const UpdateFirewall = Component(
  'UpdateFirewall',
  {
    name: Type.Optional(Name),
    description: Type.Optional(Description),
    status: Type.Optional(
      Enum(FIREWALL_STATUSES, {
        example: 'draft',
        description:
          '`draft` saves the rules without applying them. `active` applies the saved rules. Other values must be the ' +
          'present one.',
      }),
    ),
    is_default: Fixed(Type.Boolean({ example: false })),
    default_action: Fixed(Enum(['deny', 'allow']), 'Add a rule.'),
    attached_instances: Type.Optional(AttachedInstances),
    rules: Type.Optional(Rules),
  },
  {
    minProperties: 1,
    example: { rules: [{ name: 'https', direction: 'inbound', protocol: 'tcp', port: 443 }] },
  },
);
export type UpdateFirewall = Static<typeof UpdateFirewall>;

export const FirewallAttachment = Component(
  'FirewallAttachment',
  { instance_type: InstanceType, instance_id: InstanceId },
  { example: { instance_type: 'vps', instance_id: '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e' } },
);
export type FirewallAttachment = Static<typeof FirewallAttachment>;

export const DeployFirewall = Component(
  'DeployFirewall',
  {
    confirm_within: Type.Optional(
      Nullable(
        Int(120, {
          minimum: MIN_CONFIRM_SECONDS,
          maximum: MAX_CONFIRM_SECONDS,
          description:
            'Number of seconds within which `confirm` must be called. Otherwise the previous rules are restored.',
        }),
      ),
    ),
  },
  { example: { confirm_within: 120 } },
);
export type DeployFirewall = Static<typeof DeployFirewall>;

export const TestFirewall = Component(
  'TestFirewall',
  {
    source: Address,
    destination: LineText(45, '10.64.0.10'),
    protocol: Enum(['tcp', 'udp', 'icmp', 'gre', 'esp']),
    port: Type.Optional(Nullable(Port(443, 'Destination port. Required for `tcp` and `udp`.'))),
  },
  { example: { source: '203.0.113.7', destination: '10.64.0.10', protocol: 'tcp', port: 443 } },
);
export type TestFirewall = Static<typeof TestFirewall>;

const Judgement = {
  verdict: Action,
  direction: Direction,
  rule: Nullable(FirewallRule),
  message: Message('The rule “https” lets it in.'),
};

export const FirewallTested = Component('FirewallTestResult', {
  ...Judgement,
  instances: List(
    Component('FirewallTestedInstance', {
      id: Id(),
      type: KindName,
      name: Text(255, 'web-1'),
      ...Judgement,
      firewall: Nullable(
        Component(
          'FirewallReference',
          { id: Id(), name: Name },
          { description: 'The firewall that the rule belongs to. Null if the default action decides.' },
        ),
      ),
    }),
    {
      description: 'The verdict of all firewalls, for each attached instance that has one of the addresses.',
    },
  ),
});
export type FirewallTested = Static<typeof FirewallTested>;

export const FirewallParams = Obj({ firewall: PathId('uuid', 'Id of the firewall.') });
export const FirewallAnswer = Component('FirewallResponse', { firewall: Firewall });
export const FirewallWritten = Component('FirewallWritten', {
  message: Message('The firewall is being applied.'),
  firewall: Firewall,
  warnings: Warnings,
  operation_id: Nullable(OperationId),
});
export const FirewallAction = Component('FirewallActionResponse', {
  message: Message('The firewall is being applied.'),
  status: Status,
  confirm_by: Nullable(Timestamp('When the previous rules are restored, unless `confirm` is called before.')),
  operation_id: Nullable(OperationId),
});
export const FirewallDeleted = Component('FirewallDeleted', {
  message: Message('The firewall was deleted.'),
});
