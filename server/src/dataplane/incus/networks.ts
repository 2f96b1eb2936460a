import { DataPlaneError } from '../contract/errors.ts';
import { INTERNAL_DOMAIN, type TenantNetwork } from '../contract/networks.ts';
import type { IncusContext } from './context.ts';
import { alreadyExists, IncusError } from './errors.ts';
import { patiently } from './patience.ts';

/** The parts of Incus' network object that Danube reads. */
interface IncusNetwork {
  config: Record<string, string>;
  /** False for an interface of the host that Incus did not create or has forgotten. */
  managed: boolean;
  /** `Created`: all is well. `Pending`: being created. `Unavailable`: could not be started. */
  status: string;
  used_by: string[];
}

/** Milliseconds that another process gets to finish creating a network, and the interval between two checks. */
const PATIENCE = 10_000;
const PAUSE = 250;

/** The bridges of teams. Repairs networks that a killed daemon left incomplete. */
export class Networks {
  readonly #context: IncusContext;

  constructor(context: IncusContext) {
    this.#context = context;
  }

  /** `extra`: settings for a new network, and what comes before it. An existing one keeps its own. */
  async ensure(
    name: string,
    network: TenantNetwork,
    description: string,
    extra: { config: Record<string, string>; prepare(): Promise<void> },
  ): Promise<void> {
    const path = `/1.0/networks/${name}`;
    const config = bridgeConfig(network);
    let present = await this.#findSettled(path);
    if (present && present.status !== 'Created') {
      await this.#clear(name, present);
      present = null;
    }
    if (!present) {
      await extra.prepare();
      await this.#create(name, { ...config, ...extra.config }, description);
      return;
    }
    const { config: current } = present;
    const differs = Object.entries(config).some(([key, value]) => current[key] !== value);
    if (differs) await patiently(() => this.#context.client.request('PATCH', path, { config }));
  }

  /** When two processes delete a network at once, one fails half-way; a second attempt succeeds. */
  async remove(name: string): Promise<void> {
    const path = `/1.0/networks/${name}`;
    try {
      await this.#context.client.remove(path);
    } catch (error) {
      if (!(error instanceof IncusError) || error.code === 'unreachable') throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      await this.#context.client.remove(path);
    }
  }

  async #findSettled(path: string): Promise<IncusNetwork | null> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const present = await this.#context.client.find<IncusNetwork>(path);
      if (present?.status !== 'Pending' || Date.now() > deadline) return present;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  async #create(name: string, config: Record<string, string>, description: string): Promise<void> {
    const body = { name, type: 'bridge', config, description };
    const create = (): Promise<unknown> =>
      patiently(() => this.#context.client.request('POST', '/1.0/networks', body));
    try {
      await create();
    } catch (error) {
      if (alreadyExists(error)) return;
      // A DNS server that outlived its network still holds the address.
      const { host } = this.#context;
      if (!host || !(error instanceof IncusError) || !/already in use/i.test(error.said)) throw error;
      await host.stopForgottenDns(name);
      await create();
    }
  }

  /** Removes a broken network. One that instances use is left to Incus, which retries its start every minute. */
  async #clear(name: string, present: IncusNetwork): Promise<void> {
    const { host } = this.#context;
    if (!host && !present.managed) throw broken(name, 'an interface of that name is in the way');
    if (present.managed && present.used_by.length > 0) {
      await host?.stopForgottenDns(name);
      throw broken(name, `it is ${present.status}`);
    }
    if (present.managed) await this.remove(name);
    await host?.removeHostRemains(name);
  }
}

const broken = (name: string, why: string): DataPlaneError =>
  new DataPlaneError('failed', 'The network of this team is not ready.', {
    detail: `network ${name}: ${why}`,
    retryable: true,
  });

/** A bridge with both gateways, masquerading, and a DNS server on the gateway addresses. */
function bridgeConfig(network: TenantNetwork): Record<string, string> {
  const prefix = (subnet: string): string => subnet.split('/')[1] ?? '';
  return {
    'ipv4.address': `${network.ipv4.gateway}/${prefix(network.ipv4.subnet)}`,
    'ipv4.nat': 'true',
    'ipv6.address': `${network.ipv6.gateway}/${prefix(network.ipv6.subnet)}`,
    'ipv6.nat': 'true',
    // Without it, Incus rejects static IPv6 addresses of instances.
    'ipv6.dhcp.stateful': 'true',
    'dns.domain': INTERNAL_DOMAIN,
    // Names derived from addresses (`ip-10-64-0-10`), so that new instances need no change of the DNS server.
    'raw.dnsmasq': [network.ipv4.subnet, network.ipv6.subnet]
      .map((subnet) => `synth-domain=${INTERNAL_DOMAIN},${subnet},ip-`)
      .join('\n'),
  };
}
