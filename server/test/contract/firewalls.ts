import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import type { InstanceFirewall } from '../../src/dataplane/contract/networks.ts';
import type { Action, Direction, PolicyRule } from '../../src/lib/packet-filter/policy.ts';

/** A rule for all peers and ports, except for `changes`. */
export const rule = (
  direction: Direction,
  action: Action,
  changes: Partial<Pick<PolicyRule, 'protocol' | 'ports' | 'peers'>> = {},
): PolicyRule => ({
  id: `${direction} ${action}`,
  direction,
  action,
  protocol: 'any',
  ports: null,
  peers: null,
  ...changes,
});

/** One firewall for the instance, with the rules in this order. */
export const firewall = (spec: InstanceSpec, ...rules: PolicyRule[]): InstanceFirewall => ({
  ref: spec.ref,
  addresses: spec.addresses,
  policies: [rules],
});

/** Allows everything to and from the instances, for tests of other subjects. */
export const openTo = (...specs: readonly InstanceSpec[]): InstanceFirewall[] =>
  specs.map((spec) => firewall(spec, rule('inbound', 'allow'), rule('outbound', 'allow')));
