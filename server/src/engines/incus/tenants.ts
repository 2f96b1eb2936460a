import { EngineError, INTERNAL_DOMAIN, type TenantSpec } from '../engine.ts';
import type { IncusClient } from './client.ts';
import { alreadyExists, IncusError } from './errors.ts';
import { bridgeName, projectName } from './names.ts';

/** Incus' project and network of a team. */
export class Tenants {
  readonly #client: IncusClient;
  readonly #installId: string;

  constructor(client: IncusClient, installId: string) {
    this.#client = client;
    this.#installId = installId;
  }

  async ensure(tenant: TenantSpec): Promise<void> {
    const bridge = bridgeName(this.#installId, tenant.teamId);
    const project = projectName(this.#installId, tenant.teamId);
    const config = bridgeConfig(tenant);
    await Promise.all([
      this.#ensure('/1.0/networks', bridge, config, {
        type: 'bridge',
        description: `Danube ${this.#installId}, team ${tenant.teamId}`,
      }),
      this.#ensure('/1.0/projects', project, projectConfig(bridge), {
        description: `Danube ${this.#installId}, team ${tenant.teamId}`,
      }),
    ]);
  }

  async remove(teamId: number): Promise<void> {
    try {
      // The project first: it cannot go while it holds instances, and then nothing must change.
      await this.#client.remove(`/1.0/projects/${projectName(this.#installId, teamId)}`);
    } catch (error) {
      if (!(error instanceof IncusError) || !/empty|in use/i.test(error.said)) throw error;
      throw new EngineError('invalid', `Team ${teamId} still has instances.`, {
        detail: error.said,
        cause: error,
      });
    }
    await this.#client.remove(`/1.0/networks/${bridgeName(this.#installId, teamId)}`);
  }

  async #ensure(
    collection: string,
    name: string,
    config: Record<string, string>,
    rest: Record<string, unknown>,
  ): Promise<void> {
    const path = `${collection}/${name}`;
    let present = await this.#client.find<{ config: Record<string, string> }>(path);
    if (!present) {
      try {
        await this.#client.request('POST', collection, { name, config, ...rest });
        return;
      } catch (error) {
        if (!alreadyExists(error)) throw error;
        present = await this.#client.get<{ config: Record<string, string> }>(path);
      }
    }
    const current = present.config;
    const differs = Object.entries(config).some(([key, value]) => current[key] !== value);
    if (differs) await this.#client.request('PATCH', path, { config });
  }
}

/** A bridge with both gateways, masquerading, and a DNS server on the gateways. */
function bridgeConfig({ network }: TenantSpec): Record<string, string> {
  const prefix = (subnet: string): string => subnet.split('/')[1] ?? '';
  return {
    'ipv4.address': `${network.ipv4.gateway}/${prefix(network.ipv4.subnet)}`,
    'ipv4.nat': 'true',
    'ipv6.address': `${network.ipv6.gateway}/${prefix(network.ipv6.subnet)}`,
    'ipv6.nat': 'true',
    // Fixed IPv6 addresses of instances are refused without it.
    'ipv6.dhcp.stateful': 'true',
    'dns.domain': INTERNAL_DOMAIN,
    // Names made from addresses (`ip-10-64-0-10`), so that none has to be told to the server when an instance comes.
    'raw.dnsmasq': [network.ipv4.subnet, network.ipv6.subnet]
      .map((subnet) => `synth-domain=${INTERNAL_DOMAIN},${subnet},ip-`)
      .join('\n'),
  };
}

/** A project in which nothing can be set that leads out of an instance, whatever mistake is made elsewhere. */
const projectConfig = (bridge: string): Record<string, string> => ({
  'features.images': 'false',
  'features.networks': 'false',
  'features.profiles': 'true',
  'features.storage.volumes': 'true',
  restricted: 'true',
  'restricted.containers.privilege': 'isolated',
  'restricted.networks.access': bridge,
  'restricted.snapshots': 'allow',
});
