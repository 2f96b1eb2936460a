/**
 * The meaning of a firewall, independent of storage and enforcement. `evaluate.ts` judges single packets, `compile.ts`
 * makes sets that a data plane without ordered rules can enforce.
 */

export type Direction = 'inbound' | 'outbound';
export type Action = 'allow' | 'deny';
export type Protocol = 'tcp' | 'udp' | 'icmp' | 'any' | 'gre' | 'esp';

/** One rule. `icmp` is ICMP for IPv4 and ICMPv6 for IPv6; `any` is every protocol, including those without ports. */
export interface PolicyRule {
  /** Names the rule in explanations. */
  id: string;
  direction: Direction;
  action: Action;
  protocol: Protocol;
  /** First and last destination port, both inclusive; null: all. Only with `tcp` and `udp`. */
  ports: { first: number; last: number } | null;
  /**
   * Addresses and CIDR blocks of the other side, IPv4 and IPv6: sources of inbound packets, destinations of outbound
   * ones. Null: everyone; empty: no one.
   */
  peers: readonly string[] | null;
}

/** One firewall: rules in the order of evaluation; the first that matches decides. */
export type Policy = readonly PolicyRule[];

/**
 * The firewalls of one instance. Each is evaluated separately; then a denial by any of them is final, else an allowance
 * by any of them lets the packet pass. Where no rule of any firewall matches, inbound packets are dropped and outbound
 * packets pass. See decision 20.
 */
export type Policies = readonly Policy[];
