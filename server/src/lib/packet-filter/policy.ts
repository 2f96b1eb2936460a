/**
 * What a firewall says, apart from who stores it and who enforces it. `evaluate.ts` judges single packets by it,
 * `compile.ts` turns it into sets that a data plane without order can enforce.
 */

export type Direction = 'inbound' | 'outbound';
export type Action = 'allow' | 'deny';
export type Protocol = 'tcp' | 'udp' | 'icmp' | 'any' | 'gre' | 'esp';

/** One rule. `icmp` is ICMP for IPv4 and ICMPv6 for IPv6; `any` is every protocol, those without ports too. */
export interface PolicyRule {
  /** Names the rule in explanations. */
  id: string;
  direction: Direction;
  action: Action;
  protocol: Protocol;
  /** First and last port of the destination, both included; null: all. Only with `tcp` and `udp`. */
  ports: { first: number; last: number } | null;
  /**
   * Addresses and CIDR blocks of the other side, IPv4 and IPv6: sources of inbound packets, destinations of outbound
   * ones. Null: everybody; empty: nobody.
   */
  peers: readonly string[] | null;
}

/** One firewall: its rules in the order in which they are judged; the first that matches decides. */
export type Policy = readonly PolicyRule[];

/**
 * What an instance with several firewalls lets pass: each firewall judges by itself, then a denial of any of them is
 * final, else an allowance of any of them lets the packet pass. Where no rule of any firewall matches, inbound packets
 * are dropped and outbound ones pass. See decision 20.
 */
export type Policies = readonly Policy[];
