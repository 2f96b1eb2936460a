/**
 * Bounds on the connections ("flows") of one guest in the host's connection table, which all guests share: the kernel
 * refuses everybody's new connections while it is full.
 */
export interface FlowBounds {
  /** Flows at a time that a guest has opened, and as many that others have opened to it. */
  open: number;
  /**
   * Lists that the open flows of a guest are spread over. For each new flow, the kernel looks at all others in its list,
   * which takes a quarter of a microsecond for each (measured).
   */
  lists: number;
  /** New flows per second, in each direction, and how many may come at once. */
  perSecond: number;
}

export const FLOW_BOUNDS: FlowBounds = { open: 16_384, lists: 64, perSecond: 500 };

/**
 * Seconds that a closed TCP connection stays in the table. The kernel does not count it as open, so only the rate of
 * new flows bounds how many there are.
 */
export const TIME_WAIT_SECONDS = 15;

/**
 * Entries of the connection table for each MB of the host's memory, so that it holds all that its guests are allowed at
 * once: 24,384 in each direction (16,384 open, 15 seconds of 500 closed ones, and 500 at once). The most that a MB
 * makes are those to a cache of 256 MB, which opens none itself; a server has 1 GB or more. An entry takes 256 bytes,
 * so a full table takes 2.4 % of the memory.
 */
const ENTRIES_PER_MB = 96;

/** Linux gives the table of a host with more than 4 GB this many entries, and never needs fewer here. */
const LEAST_ENTRIES = 262_144;

export const connectionTableEntries = (memoryMb: number): number =>
  Math.max(LEAST_ENTRIES, Math.floor(memoryMb) * ENTRIES_PER_MB);

/**
 * Sets and chains that hold a guest to its bounds, as a part of an nftables table. `bridges` matches the bridges of
 * guests.
 *
 * - Only the first packet of a flow is looked at, after Incus's rules (priority 0) have let it pass: a packet that they
 *   drop leaves no entry. `confirmed` leaves out further packets of a flow that nobody has answered yet.
 *
 * - A guest is known by its MAC address where it sends, which the filters on its NIC keep it from changing: so IPv4
 *   and IPv6 share one bound. Where it receives, it is known by its address.
 *
 * - The rate comes first, because counting open flows costs more. They are dealt out to the lists in turn. Each list
 *   takes its part of the bound, so a guest may be refused a little earlier where others take turns with it.
 */
export const flowChains = (bridges: string, { open, lists, perSecond }: FlowBounds): string => {
  const rate = `limit rate over ${perSecond}/second burst ${perSecond} packets`;
  const count = `. numgen inc mod ${lists} ct count over ${Math.floor(open / lists)}`;
  return `  set new_from { type ether_addr; size 65535; flags dynamic,timeout; timeout 1m; }
  set new_to { type ipv4_addr; size 65535; flags dynamic,timeout; timeout 1m; }
  set new_to6 { type ipv6_addr; size 65535; flags dynamic,timeout; timeout 1m; }
  set open_from { type ether_addr . mark; size 262144; flags dynamic; }
  set open_to { type ipv4_addr . mark; size 262144; flags dynamic; }
  set open_to6 { type ipv6_addr . mark; size 262144; flags dynamic; }
  counter refused_flows { }
  chain flows_to_host {
    type filter hook input priority 10; policy accept;
    iifname ${bridges} ct state new ct status ! confirmed jump flows_from
  }
  chain flows_forwarded {
    type filter hook forward priority 10; policy accept;
    iifname ${bridges} ct state new ct status ! confirmed jump flows_from
    oifname ${bridges} ct state new ct status ! confirmed jump flows_to
  }
  chain flows_from {
    update @new_from { ether saddr ${rate} } goto refuse_flow
    add @open_from { ether saddr ${count} } goto refuse_flow
  }
  chain flows_to {
    update @new_to { ip daddr ${rate} } goto refuse_flow
    add @open_to { ip daddr ${count} } goto refuse_flow
    update @new_to6 { ip6 daddr ${rate} } goto refuse_flow
    add @open_to6 { ip6 daddr ${count} } goto refuse_flow
  }
  chain refuse_flow {
    counter name refused_flows drop
  }
`;
};
