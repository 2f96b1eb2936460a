import { type Static, Type } from 'typebox';
import {
  Component,
  DescriptionText,
  Enum,
  Id,
  Int,
  LineText,
  List,
  Nullable,
  PRINTABLE,
  Text,
} from '../../http/schema.ts';
import { NO_OTHERS, PATTERN_MESSAGE } from '../../http/validation.ts';
import { kindNames } from '../../instances/kinds.ts';
import { KindName } from '../../instances/schema.ts';
import { MAX_SOURCES } from './limits.ts';

export const Direction = Enum(['inbound', 'outbound']);
const Protocol = Enum(['tcp', 'udp', 'icmp', 'any', 'gre', 'esp'], {
  description:
    '`icmp` means ICMP for IPv4 and ICMPv6 for IPv6. Rules cannot name `gre` and `esp`: only rules for `any` ' +
    'apply to them.',
});
export const Action = Enum(['allow', 'deny']);
export const Port = (example: number, description?: string) =>
  Int(example, { minimum: 1, maximum: 65_535, ...(description === undefined ? {} : { description }) });
/** An address or CIDR block; `rules.ts` validates it. */
const Block = LineText(49, '203.0.113.0/24');
export const InstanceId = LineText(36, '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e');
export const InstanceType = Type.Unsafe<string>({
  type: 'string',
  enum: kindNames('queue', 'serverless'),
  example: 'vps',
  description: '`queue` and `serverless` are not available on this install.',
});

export const InstanceChoice = Component('FirewallInstanceInput', {
  id: InstanceId,
  type: Type.Optional(InstanceType),
});

const SourceIps = List(Block, { maxItems: MAX_SOURCES });
const SOURCES =
  'IPv4 and IPv6 addresses and CIDR blocks of the other side: the sources of inbound packets, the destinations of ' +
  'outbound ones. Without these and `source_instance_ids`, the rule applies to everybody.';
const RuleName = Nullable(
  Text(255, 'https', {
    pattern: `^${PRINTABLE}$`,
    [PATTERN_MESSAGE]: 'must be one line of text without control characters',
  }),
);
const RuleDescription = DescriptionText(1000, 'Customers.');

export const FirewallRule = Component('FirewallRule', {
  id: Id('0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90'),
  name: RuleName,
  description: RuleDescription,
  direction: Direction,
  protocol: Protocol,
  port: Nullable(Port(443, 'The port, if the range is a single port.')),
  port_range_start: Nullable(Port(443, 'Null means all ports.')),
  port_range_end: Nullable(Port(443)),
  source_ips: Nullable(SourceIps),
  source_instance_ids: Nullable(
    List(Component('FirewallRuleInstance', { id: Id(), type: KindName }), { maxItems: MAX_SOURCES }),
  ),
  action: Action,
  order: Int(1),
});
export type FirewallRule = Static<typeof FirewallRule>;

export const FirewallRuleInput = Component(
  'FirewallRuleInput',
  {
    id: Type.Optional(
      Nullable(
        LineText(36, '0198c5a2-9000-7d11-8c2f-5b1e6a7f8d90', {
          description: 'The id of an existing rule, to keep it.',
        }),
      ),
    ),
    name: Type.Optional(RuleName),
    description: Type.Optional(RuleDescription),
    direction: Direction,
    protocol: Protocol,
    port: Type.Optional(
      Nullable(
        Port(
          443,
          'Only with `tcp` and `udp`. Without it and without a range, the rule applies to all ports.',
        ),
      ),
    ),
    port_range_start: Type.Optional(Nullable(Port(443, 'First port of a range, instead of `port`.'))),
    port_range_end: Type.Optional(Nullable(Port(443, 'Last port of a range, instead of `port`.'))),
    source_ips: Type.Optional(Nullable(List(Block, { maxItems: MAX_SOURCES, description: SOURCES }))),
    source_instance_ids: Type.Optional(
      Nullable(
        List(InstanceChoice, {
          maxItems: MAX_SOURCES,
          description:
            'Instances of the team as the other side. The rule follows changes of their addresses.',
        }),
      ),
    ),
    action: Type.Optional(Nullable(Action)),
    order: Type.Optional(
      Nullable(
        Int(1, {
          description:
            'Rules are judged in ascending order; those with the same number as listed. By default the position in the list.',
        }),
      ),
    ),
  },
  // Rejects unknown members: with a misspelt member dropped, a rule would allow more than intended.
  { additionalProperties: NO_OTHERS },
);
export type FirewallRuleInput = Static<typeof FirewallRuleInput>;
