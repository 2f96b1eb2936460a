import { formatRange, parseBlock } from '../../lib/packet-filter/addresses.ts';
import { UncompilablePolicies } from '../../lib/packet-filter/uncompilable.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceFirewall, TenantNetwork } from '../contract/networks.ts';
import { bridgeRules, ovnRules } from './acl-rules.ts';
import type { IncusClient } from './client.ts';
import type { IncusContext } from './context.ts';
import { alreadyExists, refusesRules } from './errors.ts';
import type { HostAccess } from './host-access.ts';
import type { IncusRule, IncusRules } from './incus-rules.ts';
import type { IncusInstance } from './instance-config.ts';
import { forbidsNothing, type Judged } from './judged.ts';
import { bridgeName, instanceAclName, instanceAclPrefix, networkAclName, projectName } from './names.ts';
import { patiently } from './patience.ts';

/** The parts of Incus' network object that Danube reads here. */
interface IncusNetwork {
  type: string;
  config: Record<string, string>;
}

/** The rules as text: those that were there before, where that is known, and those that are now. */
interface Written {
  before: string | null;
  rules: string;
}

const NO_RULES: IncusRules = { ingress: [], egress: [] };

/** Settings of a network or NIC that allow what the ACL's rules allow, and drop everything else. */
export const guardedBy = (acl: string): Record<string, string> => ({
  'security.acls': acl,
  'security.acls.default.ingress.action': 'drop',
  'security.acls.default.egress.action': 'drop',
});

/**
 * The firewalls of teams, as network ACLs of Incus: on a bridge, one ACL for the network with the rules of all
 * instances; on OVN, one for each instance's NIC. How Incus 6.0 applies an ACL to a bridge, as measured:
 *
 * - A chain `acl.BRIDGE` of nftables filters forwarded packets, also between two instances, and the host's own.
 *   Established connections pass first. DNS, DHCP and what IPv6 needs to work always pass between instance and host;
 *   between instances not even neighbour discovery passes without a rule.
 *
 * - Writing the rules replaces the chain atomically. If nftables rejects the rules, the chain and Incus's record of
 *   them stay as they were.
 *
 * - A change of the network's settings, like a start of Incus, deletes all chains of the network and writes them again,
 *   and restarts the DNS server in between: for most of a second nothing is filtered or masqueraded. So an ACL is
 *   attached to a network once and never again; `host/components/acl-guard.ts` covers the start of Incus.
 */
export class Firewalls {
  readonly #client: IncusClient;
  readonly #host: HostAccess | null;
  readonly #installId: string;
  readonly #judged = new Map<number, Judged>();

  constructor({ client, host, installId }: IncusContext) {
    this.#client = client;
    this.#host = host;
    this.#installId = installId;
  }

  /** Creates the ACL of a network that is about to be created; it allows nothing. An existing ACL is not changed. */
  async prepare(teamId: number): Promise<void> {
    const name = networkAclName(this.#installId, teamId);
    if (await this.#client.find(aclPath(name))) return;
    await this.#create(name, teamId, NO_RULES);
  }

  /** See `Networks.ensureFirewalls`. Takes two requests and no write where nothing has changed. */
  async ensure(teamId: number, firewalls: readonly InstanceFirewall[]): Promise<void> {
    const path = `/1.0/networks/${bridgeName(this.#installId, teamId)}`;
    const [network, daemon] = await Promise.all([
      this.#client.find<IncusNetwork>(path),
      this.#client.get<{ environment: { server_pid: number } }>('/1.0'),
    ]);
    if (!network) throw new DataPlaneError('not_found', `Team ${teamId} has no network.`);
    const addresses = addressesOf(network);
    // Sorted, so that equal sets of firewalls give equal rules.
    const sorted = firewalls.toSorted((a, b) => (a.ref.name < b.ref.name ? -1 : 1));
    const written = await orInvalid(() =>
      network.type === 'ovn'
        ? this.#ensureOnNics(teamId, sorted, addresses)
        : this.#ensureOnBridge(teamId, sorted, addresses, network),
    );
    await this.#cut(teamId, addresses, written, {
      daemon: daemon.environment.server_pid,
      rules: written.rules,
      firewalls: sorted,
    });
  }

  async remove(teamId: number): Promise<void> {
    this.#judged.delete(teamId);
    await this.#client.remove(aclPath(networkAclName(this.#installId, teamId)));
    for (const name of await this.#listOnNics(teamId)) await this.#client.remove(aclPath(name));
  }

  async #ensureOnBridge(
    teamId: number,
    firewalls: readonly InstanceFirewall[],
    addresses: TenantNetwork,
    network: IncusNetwork,
  ): Promise<Written> {
    const rules = bridgeRules(firewalls, addresses);
    const name = networkAclName(this.#installId, teamId);
    const before = await this.#write(name, teamId, rules);
    const guard = guardedBy(name);
    // A network without an ACL, from an older release. It is attached only now that the ACL has its rules, so that
    // allowed traffic was never blocked.
    if (Object.entries(guard).some(([key, value]) => network.config[key] !== value)) {
      const path = `/1.0/networks/${bridgeName(this.#installId, teamId)}`;
      await patiently(() => this.#client.request('PATCH', path, { config: guard }));
      this.#judged.delete(teamId);
    }
    return { before, rules: textOf(rules) };
  }

  async #ensureOnNics(
    teamId: number,
    firewalls: readonly InstanceFirewall[],
    addresses: TenantNetwork,
  ): Promise<Written> {
    const wanted = new Map(ovnRules(firewalls, addresses).map(({ ref, rules }) => [ref.name, rules]));
    const project = projectName(this.#installId, teamId);
    const query = { project, recursion: '1' };
    const instances = (await this.#client.find<IncusInstance[]>('/1.0/instances', { query })) ?? [];
    const nameOf = (name: string): string => instanceAclName(this.#installId, { teamId, name });
    for (const { name } of instances) wanted.set(name, wanted.get(name) ?? NO_RULES);
    for (const [name, rules] of wanted) await this.#write(nameOf(name), teamId, rules);
    for (const { name, devices } of instances) {
      const { eth0 = {} } = devices;
      const guard = guardedBy(nameOf(name));
      if (Object.entries(guard).every(([key, value]) => eth0[key] === value)) continue;
      const body = { devices: { eth0: { ...eth0, ...guard } } };
      await this.#client.request('PATCH', `/1.0/instances/${name}`, body, { query: { project } });
    }
    const kept = new Set([...wanted.keys()].map(nameOf));
    const gone = (await this.#listOnNics(teamId)).filter((name) => !kept.has(name));
    for (const name of gone) await this.#client.remove(aclPath(name));
    const rules = [...wanted].map(([name, own]) => `${name} ${textOf(own)}`).join('\n');
    return { before: null, rules };
  }

  async #listOnNics(teamId: number): Promise<string[]> {
    const prefix = instanceAclPrefix(this.#installId, teamId);
    const paths = await this.#client.get<string[]>('/1.0/network-acls');
    return paths.map((path) => path.split('/').pop() ?? '').filter((name) => name.startsWith(prefix));
  }

  /**
   * Writes only what differs. If two processes write at once, either one's rules are in force as a whole. Returns the
   * present rules as text; null where there were none.
   */
  async #write(name: string, teamId: number, rules: IncusRules): Promise<string | null> {
    const present = await this.#client.find<IncusRules>(aclPath(name));
    const before = present && textOf(present);
    if (before === textOf(rules)) return before;
    if (!present && (await this.#create(name, teamId, rules))) return null;
    await this.#client.request('PUT', aclPath(name), this.#body(teamId, rules));
    return before;
  }

  /** False where another process created it first. */
  async #create(name: string, teamId: number, rules: IncusRules): Promise<boolean> {
    try {
      await this.#client.request('POST', '/1.0/network-acls', { name, ...this.#body(teamId, rules) });
      return true;
    } catch (error) {
      if (!alreadyExists(error)) throw error;
      return false;
    }
  }

  #body(teamId: number, { ingress, egress }: IncusRules): object {
    return { description: `Danube ${this.#installId}, team ${teamId}`, config: {}, ingress, egress };
  }

  /**
   * Only on Incus's host. Skipped where nothing that was allowed has become forbidden, because it reads the table of all
   * connections.
   */
  async #cut(teamId: number, addresses: TenantNetwork, { before }: Written, now: Judged): Promise<void> {
    if (!this.#host) return;
    const last = this.#judged.get(teamId);
    if (!last || !forbidsNothing(last, before, now)) {
      await this.#host.cutForbidden(addresses, now.firewalls);
    }
    this.#judged.set(teamId, now);
  }
}

const aclPath = (name: string): string => `/1.0/network-acls/${name}`;

/** Equal rules give equal text: Incus keeps their order, and omits empty members. */
const textOf = ({ ingress, egress }: IncusRules): string => {
  const flat = (rules: readonly IncusRule[]): unknown =>
    rules.map((rule) => Object.entries(rule).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify([flat(ingress), flat(egress)]);
};

function addressesOf({ config }: IncusNetwork): TenantNetwork {
  const read = (family: 'ipv4' | 'ipv6'): { subnet: string; gateway: string } => {
    const address = config[`${family}.address`] ?? '';
    return { subnet: formatRange(family, parseBlock(address)), gateway: address.split('/')[0] ?? '' };
  };
  return { ipv4: read('ipv4'), ipv6: read('ipv6') };
}

async function orInvalid<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UncompilablePolicies) && !refusesRules(error)) throw error;
    const said = error instanceof UncompilablePolicies ? error.message : null;
    throw new DataPlaneError('invalid', said ?? 'The network cannot hold these rules.', {
      ...(said ? {} : { detail: (error as Error).message }),
      cause: error,
    });
  }
}
