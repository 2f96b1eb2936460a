import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import type { InstanceFirewall } from '../../src/dataplane/contract/networks.ts';
import type { Action, Direction, PolicyRule } from '../../src/lib/packet-filter/policy.ts';

/** A rule for everybody and all ports, but for what `changes` say. */
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

/** One firewall for the instance, with these rules in their order. */
export const firewall = (spec: InstanceSpec, ...rules: PolicyRule[]): InstanceFirewall => ({
  ref: spec.ref,
  addresses: spec.addresses,
  policies: [rules],
});

/** Lets everything pass to and from each of the instances: for tests that look at something else. */
export const openTo = (...specs: readonly InstanceSpec[]): InstanceFirewall[] =>
  specs.map((spec) => firewall(spec, rule('inbound', 'allow'), rule('outbound', 'allow')));
