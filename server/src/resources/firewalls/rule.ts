import { uuidv7 } from '../../lib/ids.ts';
import type { Action, Direction, Policy, Protocol } from '../../lib/packet-filter/policy.ts';

export interface InstanceName {
  id: string;
  /** Its kind. */
  type: string;
}

/** A rule as stored in the columns of `firewalls`, with the API's names. */
export interface StoredRule {
  id: string;
  name: string | null;
  description: string | null;
  direction: Direction;
  protocol: Protocol;
  /** Both null: all ports. */
  port_range_start: number | null;
  port_range_end: number | null;
  /** Both null: everyone. */
  source_ips: string[] | null;
  source_instance_ids: InstanceName[] | null;
  action: Action;
  /** Rules are evaluated in ascending order, equal ones in the order of the list. */
  order: number;
}

/** A rule with default values for what `rule` omits. */
export const newRule = (
  rule: Pick<StoredRule, 'direction' | 'protocol' | 'order'> & Partial<StoredRule>,
): StoredRule => ({
  id: uuidv7(),
  name: null,
  description: null,
  port_range_start: null,
  port_range_end: null,
  source_ips: null,
  source_instance_ids: null,
  action: 'allow',
  ...rule,
});

/**
 * Converts rules for the packet filter. `addressesOf` has the addresses of all existing instances. A rule whose
 * instances are all gone matches nothing, and is left out.
 */
export function toPolicy(
  rules: readonly StoredRule[],
  addressesOf: ReadonlyMap<string, readonly string[]>,
): Policy {
  return rules
    .toSorted((a, b) => a.order - b.order)
    .map((rule) => ({
      id: rule.id,
      direction: rule.direction,
      action: rule.action,
      protocol: rule.protocol,
      ports:
        rule.port_range_start === null || rule.port_range_end === null
          ? null
          : { first: rule.port_range_start, last: rule.port_range_end },
      peers: peersOf(rule, addressesOf),
    }))
    .filter(({ peers }) => peers === null || peers.length > 0);
}

function peersOf(
  { source_ips, source_instance_ids }: StoredRule,
  addressesOf: ReadonlyMap<string, readonly string[]>,
): string[] | null {
  if (source_ips === null && source_instance_ids === null) return null;
  const named = (source_instance_ids ?? []).flatMap(({ id }) => addressesOf.get(id) ?? []);
  return [...new Set([...(source_ips ?? []), ...named])];
}

/**
 * Removes a deleted instance from the rules. A rule that named only that instance would match nothing, and is removed
 * too.
 */
export function withoutInstance(rules: readonly StoredRule[], instanceId: string): StoredRule[] {
  return rules.flatMap((rule) => {
    const named = rule.source_instance_ids;
    if (!named?.some(({ id }) => id === instanceId)) return [rule];
    const rest = named.filter(({ id }) => id !== instanceId);
    if (rest.length > 0) return [{ ...rule, source_instance_ids: rest }];
    return rule.source_ips === null ? [] : [{ ...rule, source_instance_ids: null }];
  });
}
