import { DataPlaneError } from '../contract/errors.ts';
import type { TenantSpec } from '../contract/networks.ts';
import type { IncusClient } from './client.ts';
import type { IncusContext } from './context.ts';
import { alreadyExists, IncusError } from './errors.ts';
import { type Firewalls, guardedBy } from './firewalls.ts';
import type { HostAccess } from './host-access.ts';
import { bridgeName, networkAclName, projectName } from './names.ts';
import { Networks } from './networks.ts';

/** A team's project, network and ACL in Incus. */
export class Tenants {
  readonly #client: IncusClient;
  readonly #host: HostAccess | null;
  readonly #installId: string;
  readonly #networks: Networks;
  readonly #firewalls: Firewalls;

  constructor(context: IncusContext, firewalls: Firewalls) {
    this.#client = context.client;
    this.#host = context.host;
    this.#installId = context.installId;
    this.#firewalls = firewalls;
    this.#networks = new Networks(context);
  }

  async ensure(tenant: TenantSpec): Promise<void> {
    const bridge = bridgeName(this.#installId, tenant.teamId);
    const description = `Danube ${this.#installId}, team ${tenant.teamId}`;
    const guard = guardedBy(networkAclName(this.#installId, tenant.teamId));
    const prepare = () => this.#firewalls.prepare(tenant.teamId);
    await Promise.all([
      this.#networks.ensure(bridge, tenant.network, description, { config: guard, prepare }),
      this.#ensureProject(projectName(this.#installId, tenant.teamId), projectConfig(bridge), description),
    ]);
    // Each time: with the next boot of the host, the bridge is a new one.
    await this.#host?.askNeighboursOften(bridge);
  }

  async remove(teamId: number): Promise<void> {
    try {
      // The project first: its deletion fails while it holds instances, and then nothing else must change.
      await this.#client.remove(`/1.0/projects/${projectName(this.#installId, teamId)}`);
    } catch (error) {
      if (!(error instanceof IncusError) || !/empty|in use/i.test(error.said)) throw error;
      throw new DataPlaneError('invalid', `Team ${teamId} still has instances.`, {
        detail: error.said,
        cause: error,
      });
    }
    await this.#networks.remove(bridgeName(this.#installId, teamId));
    // Last: it cannot be deleted while the network uses it.
    await this.#firewalls.remove(teamId);
  }

  async #ensureProject(name: string, config: Record<string, string>, description: string): Promise<void> {
    const path = `/1.0/projects/${name}`;
    const present = await this.#client.find<{ config: Record<string, string> }>(path);
    if (!present) {
      try {
        await this.#client.request('POST', '/1.0/projects', { name, config, description });
      } catch (error) {
        if (!alreadyExists(error)) throw error;
      }
      return;
    }
    const differs = Object.entries(config).some(([key, value]) => present.config[key] !== value);
    // In a PATCH too, Incus unsets omitted keys, to which it then applies defaults of its own.
    if (differs)
      await this.#client.request('PUT', path, { config: { ...present.config, ...config }, description });
  }
}

/**
 * Restricts the project so that no setting can give an instance access beyond it, whatever mistake is made elsewhere.
 */
const projectConfig = (bridge: string): Record<string, string> => ({
  'features.images': 'false',
  'features.networks': 'false',
  'features.profiles': 'true',
  'features.storage.volumes': 'true',
  restricted: 'true',
  'restricted.containers.privilege': 'isolated',
  // The team's own volumes, but no folders of the host.
  'restricted.devices.disk': 'managed',
  // For published ports. Only the control plane can set devices here.
  'restricted.devices.proxy': 'allow',
  'restricted.networks.access': bridge,
  'restricted.snapshots': 'allow',
});
