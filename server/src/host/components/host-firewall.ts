import { bridgePrefix, firewallTable } from '../../dataplane/incus/names.ts';
import { run } from '../../lib/run.ts';
import type { HostComponent } from '../component.ts';
import { otherInstalls } from '../host-registry.ts';
import { fail, ok, RESTART, type Verdict, warn } from '../verdict.ts';
import { FLOW_BOUNDS, flowChains } from './flow-bounds.ts';
import { usesLocalIncus } from './incus-connection.ts';
import { readKernelSetting } from './kernel-settings.ts';

/**
 * The firewall of the host itself, as an nftables script that replaces the table atomically.
 *
 * - Instances reach only DNS, DHCP and ping of their own gateway on the host, and the ports that `ensureHostPorts` of the
 *   data plane opens: not the API, not SSH, no other service of the operator on any address, and no other team's gateway. An instance's gateway is any address of the bridge that
 *   its packet arrives on. Broadcast is allowed for DHCP, multicast for IPv6 neighbour discovery.
 *
 * - Nothing is forwarded between two bridges of the install, so teams cannot reach each other. Traffic within a bridge
 *   passes these rules too (br_netfilter). `fib daddr . iif` tells it apart: it finds a route on the bridge that the
 *   packet arrived on, and none on other bridges.
 *
 * - Nothing is forwarded between bridges of this install and those of `others`, other installs on the host. Whichever
 *   started last knows of the other, so its table alone has to separate them in both directions.
 *
 * - Nothing is forwarded to link-local addresses: a cloud's metadata service there gives credentials to everyone who
 *   asks from this host, and masquerading makes an instance look like the host. Link-local IPv6 inside a bridge passes.
 *
 * - Packets from outside with the source address of an instance are dropped, because firewalls may trust such
 *   addresses.
 *
 * - A TCP connection cannot begin with a packet from its middle, which the kernel would accept
 *   (nf_conntrack_tcp_loose). Otherwise a connection that was cut, because the team's firewalls now forbid it, would
 *   resume with the next packet of the side that may send.
 *
 * - New connections are allowed only while Incus's rules are in place; otherwise `acl-guard.ts` closes the bridge. Those
 *   that are `closed` (elements of the set) stay so.
 *
 * - ICMPv6 behind extension headers is dropped: Incus's rules only match the first header, so they would let it pass.
 *
 * - No instance fills the connection table that all share, see `flow-bounds.ts`.
 */
export function firewallScript(
  installId: string,
  others: readonly string[],
  bounds = FLOW_BOUNDS,
  closed = '',
): string {
  const table = firewallTable(installId);
  const bridges = `"${bridgePrefix(installId)}*"`;
  const foreign = others.map((id) => `"${bridgePrefix(id)}*"`);
  const apart = foreign
    .flatMap((other) => [
      [bridges, other],
      [other, bridges],
    ])
    .map(([from, to]) => `    iifname ${from} oifname ${to} drop\n`)
    .join('');
  return `table inet ${table} {}
delete table inet ${table}
table inet ${table} {
  set closed {
    type ifname
    flags timeout
${closed === '' ? '' : `    elements = { ${closed} }\n`}  }
  set open_to_all {
    type inet_service
  }
  set open_to_bridge {
    type ifname . inet_service
  }
  chain input {
    type filter hook input priority -10; policy accept;
    iifname ${bridges} jump from_instances
  }
  chain from_instances {
    ct state established,related accept
    tcp dport @open_to_all fib daddr type local accept
    fib daddr . iif type != { local, broadcast, multicast } drop
    iifname . tcp dport @open_to_bridge accept
    meta l4proto { icmp, ipv6-icmp } accept
    udp dport { 53, 67, 547 } accept
    tcp dport 53 accept
    drop
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname ${bridges} ip daddr 169.254.0.0/16 drop
    iifname ${bridges} ip6 daddr fd00:ec2::254 drop
    iifname ${bridges} oifname != ${bridges} ip6 daddr fe80::/10 drop
    iifname ${bridges} oifname ${bridges} fib daddr . iif oif missing drop
${apart}    iifname != ${bridges} oifname ${bridges} fib saddr oifname ${bridges} drop
    iifname ${bridges} jump instances
    oifname ${bridges} jump instances
  }
  chain instances {
    ct state new iifname @closed drop
    ct state new oifname @closed drop
    ct state new tcp flags & (fin | syn | rst | ack) != syn drop
    meta l4proto ipv6-icmp ip6 nexthdr != ipv6-icmp drop
  }
${flowChains(bridges, bounds)}}
`;
}

/** Blocks new connections through bridges for this many seconds. For a closed bridge, restarts the time. */
export async function closeBridges(
  installId: string,
  bridges: readonly string[],
  seconds: number,
): Promise<void> {
  if (bridges.length === 0) return;
  // nftables does not renew the timeout of an existing element, and cannot delete a missing one. Hence add, delete,
  // add.
  const input = bridges.flatMap((bridge) => {
    const add = elementCommand('add', installId, bridge, ` timeout ${seconds}s`);
    return [add, elementCommand('delete', installId, bridge), add];
  });
  await run('nft', ['-f', '-'], { input: input.join('\n') });
}

/** Opens a bridge; does nothing where it is open. */
export async function openBridge(installId: string, bridge: string): Promise<void> {
  await run('nft', ['-f', '-'], {
    input: [elementCommand('add', installId, bridge), elementCommand('delete', installId, bridge)].join('\n'),
  });
}

/** The bridges that are closed, as elements of a set: a new table keeps them so. */
async function closedElements(installId: string): Promise<string> {
  const { stdout } = await run('nft', ['list', 'set', 'inet', firewallTable(installId), 'closed'], {
    allow: 'any',
  });
  const found = [...stdout.matchAll(/"(\S+)" timeout (\w+)/g)];
  return found.map(([, bridge, timeout]) => `"${bridge}" timeout ${timeout}`).join(', ');
}

const elementCommand = (verb: 'add' | 'delete', installId: string, bridge: string, rest = ''): string =>
  `${verb} element inet ${firewallTable(installId)} closed { "${bridge}"${rest} }`;

/** Puts the table in place, or replaces it. Needs root. */
export async function applyHostFirewall(
  installId: string,
  others: readonly string[] = [],
  bounds = FLOW_BOUNDS,
): Promise<void> {
  const closed = await closedElements(installId);
  await run('nft', ['-f', '-'], { input: firewallScript(installId, others, bounds, closed) });
}

/** Whether the table exists with both of its hooks. */
export async function hostFirewallIsUp(installId: string): Promise<boolean> {
  const found = await run('nft', ['list', 'table', 'inet', firewallTable(installId)], { allow: 'any' });
  return found.status === 0 && found.stdout.includes('hook input') && found.stdout.includes('hook forward');
}

export async function removeHostFirewall(installId: string): Promise<void> {
  const removed = await run('nft', ['delete', 'table', 'inet', firewallTable(installId)], { allow: 'any' });
  if (removed.status !== 0 && (await hostFirewallIsUp(installId))) throw new Error(removed.stderr.trim());
}

/** The nftables table that isolates instances from this host, and teams from each other. */
export const hostFirewall: HostComponent = {
  name: 'Host firewall',
  packages: () => [{ name: 'nftables', proof: '/usr/sbin/nft' }],
  appliesTo: usesLocalIncus,
  create: ({ installId }) => ({
    title: 'Setting up the host firewall',
    ensure: async () => {
      const others = await otherInstalls(installId);
      await applyHostFirewall(
        installId,
        others.map((other) => other.installId),
      );
    },
    isUp: () => hostFirewallIsUp(installId),
    intervalMs: 10_000,
  }),
  checks: [
    {
      name: 'host firewall',
      look: async ({ installId }) =>
        (await hostFirewallIsUp(installId))
          ? ok(`table inet ${firewallTable(installId)} is in place`)
          : fail('missing: instances reach services of this host, and other teams', RESTART),
    },
    { name: 'connections', look: async () => checkConnections() },
  ],
  async remove({ installId }, attempt) {
    if (!(await hostFirewallIsUp(installId))) return;
    await attempt('Removing the firewall table', () => removeHostFirewall(installId));
  },
  async remains({ installId }) {
    return (await hostFirewallIsUp(installId)) ? [`the nftables table ${firewallTable(installId)}`] : [];
  },
};

/** Share of the connection table from which the operator should know: no guest alone gets it there. */
const CROWDED = 0.75;

/** Checks that the connection table, which all share, has room. Null on a kernel that does not say. */
export function checkConnections(read = readKernelSetting): Verdict | null {
  const used = read('net.netfilter.nf_conntrack_count');
  const most = read('net.netfilter.nf_conntrack_max');
  if (used === null || most === null || most === 0) return null;
  const text = `${used} of at most ${most} in the kernel's table`;
  if (used < CROWDED * most) return ok(text);
  return warn(
    `${text}: where it is full, nobody on this host gets a new connection`,
    'Look who has them (conntrack -L), and raise net.netfilter.nf_conntrack_max.',
  );
}
