import { bridgePrefix } from '../../dataplane/incus/names.ts';
import { run } from '../../lib/run.ts';
import type { HostComponent } from '../component.ts';
import { fail, ok, RESTART } from '../verdict.ts';
import { usesLocalIncus } from './incus-connection.ts';

export const firewallTable = (installId: string): string => `danube_${installId}`;

/**
 * The host's own protection, as an nftables script that replaces the table in one step.
 *
 * - Of the host itself, instances reach only DNS, DHCP and ping of their own gateway: not the API, not SSH, not what
 *   the operator runs on any of the host's addresses, and not the gateway of another team. An instance's gateway is any
 *   address of the bridge that its packet came in by. Broadcast is for DHCP, multicast for IPv6 neighbour discovery.
 * - Nothing is forwarded from one bridge of the install to another, so teams cannot reach each other. Traffic inside
 *   one bridge passes these rules too (br_netfilter). `fib daddr . iif` tells it apart: it finds a route on the bridge
 *   that the packet came in by, and none on other bridges.
 * - Nothing is forwarded to link-local addresses. There, a cloud hands credentials to everybody who asks from this
 *   host, and masquerading makes an instance look like this host. Instances use link-local IPv6 inside their bridge:
 *   that passes.
 * - Nothing from outside has the address of an instance: firewalls may trust such an address.
 * - No TCP connection starts with a packet from its middle, which the kernel would accept (nf_conntrack_tcp_loose). A
 *   connection that was cut, because the team's firewalls forbid it now, would come back with the next packet of the
 *   side that may send.
 * - Connections start only while the rules of Incus are in place: `acl-guard.ts` closes bridges to new ones.
 * - ICMPv6 behind other headers is dropped. Incus' rules look at the first header only, so they would not drop it.
 */
export function firewallScript(installId: string): string {
  const table = firewallTable(installId);
  const bridges = `"${bridgePrefix(installId)}*"`;
  return `table inet ${table} {}
delete table inet ${table}
table inet ${table} {
  set closed {
    type ifname
    flags timeout
  }
  chain input {
    type filter hook input priority -10; policy accept;
    iifname ${bridges} jump from_instances
  }
  chain from_instances {
    ct state established,related accept
    fib daddr . iif type != { local, broadcast, multicast } drop
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
    iifname != ${bridges} oifname ${bridges} fib saddr oifname ${bridges} drop
    iifname ${bridges} jump instances
    oifname ${bridges} jump instances
  }
  chain instances {
    ct state new iifname @closed drop
    ct state new oifname @closed drop
    ct state new tcp flags & (fin | syn | rst | ack) != syn drop
    meta l4proto ipv6-icmp ip6 nexthdr != ipv6-icmp drop
  }
}
`;
}

/** Lets no connection start through a bridge for so many seconds. Where it is closed already, the time starts again. */
export async function closeBridge(installId: string, bridge: string, seconds: number): Promise<void> {
  const add = elementCommand('add', installId, bridge, ` timeout ${seconds}s`);
  const remove = elementCommand('delete', installId, bridge);
  // Adding an element again does not renew its time, so it is deleted first; and to delete it, it has to be there.
  await run('nft', ['-f', '-'], { input: [add, remove, add].join('\n') });
}

/** Opens a bridge, also where it is open already. */
export async function openBridge(installId: string, bridge: string): Promise<void> {
  await run('nft', ['-f', '-'], {
    input: [elementCommand('add', installId, bridge), elementCommand('delete', installId, bridge)].join('\n'),
  });
}

export async function openBridges(installId: string): Promise<void> {
  await run('nft', ['flush', 'set', 'inet', firewallTable(installId), 'closed']);
}

const elementCommand = (verb: 'add' | 'delete', installId: string, bridge: string, rest = ''): string =>
  `${verb} element inet ${firewallTable(installId)} closed { "${bridge}"${rest} }`;

/** Puts the table in place, or replaces it. Needs root. */
export async function applyHostFirewall(installId: string): Promise<void> {
  await run('nft', ['-f', '-'], { input: firewallScript(installId) });
}

/** Whether the table is there with both of its hooks. */
export async function hostFirewallIsUp(installId: string): Promise<boolean> {
  const found = await run('nft', ['list', 'table', 'inet', firewallTable(installId)], { allow: 'any' });
  return found.status === 0 && found.stdout.includes('hook input') && found.stdout.includes('hook forward');
}

export async function removeHostFirewall(installId: string): Promise<void> {
  const removed = await run('nft', ['delete', 'table', 'inet', firewallTable(installId)], { allow: 'any' });
  if (removed.status !== 0 && (await hostFirewallIsUp(installId))) throw new Error(removed.stderr.trim());
}

/** The nftables table that keeps instances away from this host, and teams from each other. */
export const hostFirewall: HostComponent = {
  name: 'Host firewall',
  packages: [{ name: 'nftables', proof: '/usr/sbin/nft' }],
  appliesTo: usesLocalIncus,
  create: ({ installId }) => ({
    title: 'Setting up the host firewall',
    ensure: () => applyHostFirewall(installId),
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
  ],
  async remove({ installId }, attempt) {
    if (!(await hostFirewallIsUp(installId))) return;
    await attempt('Removing the firewall table', () => removeHostFirewall(installId));
  },
  async remains({ installId }) {
    return (await hostFirewallIsUp(installId)) ? [`the nftables table ${firewallTable(installId)}`] : [];
  },
};
