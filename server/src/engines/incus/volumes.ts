import { EngineError, type InstanceRef } from '../engine.ts';
import type { IncusClient } from './client.ts';
import { alreadyExists, IncusError } from './errors.ts';
import { removeEmptyVolume } from './host-remains.ts';
import { projectName } from './names.ts';

interface IncusVolume {
  config: Record<string, string>;
}

const sizeGbOf = (volume: IncusVolume): number => Number.parseInt(volume.config.size ?? '', 10);

/**
 * Data volumes: one custom volume of Incus per instance that has one, under the instance's own name and in the team's
 * project. Its life is not the instance's: it stays when that is replaced, and goes when Danube says so.
 */
export class Volumes {
  readonly #client: IncusClient;
  readonly #options: { installId: string; pool: string };

  constructor(client: IncusClient, options: { installId: string; pool: string }) {
    this.#client = client;
    this.#options = options;
  }

  /** Creates the volume, or lets one that is there grow to `sizeGb` GiB. One that is larger stays as it is. */
  async ensure(ref: InstanceRef, sizeGb: number): Promise<void> {
    const { folder, query } = this.#path(ref);
    const config = { ...sizeConfig(sizeGb), ...OWNERS };
    const body = { name: ref.name, type: 'custom', content_type: 'filesystem', config };
    try {
      await this.#client.request('POST', folder, body, { query });
    } catch (error) {
      if (error instanceof IncusError && /project.*not found/i.test(error.said)) {
        throw new EngineError('not_found', `Team ${ref.teamId} has no network.`, {
          detail: error.said,
          cause: error,
        });
      }
      if (!alreadyExists(error)) throw error;
      if ((await this.sizeGb(ref)) < sizeGb) await this.#resize(ref, sizeGb);
    }
  }

  /** In GiB. Throws `not_found` where there is no volume. */
  async sizeGb(ref: InstanceRef): Promise<number> {
    const { path, query } = this.#path(ref);
    return sizeGbOf(await this.#client.get<IncusVolume>(path, { query }));
  }

  /** Live, under a running instance. Throws `invalid` for less than the volume has. */
  async grow(ref: InstanceRef, sizeGb: number): Promise<void> {
    const present = await this.sizeGb(ref);
    if (sizeGb < present) {
      throw new EngineError('invalid', 'A disk cannot shrink.', { detail: `${present} → ${sizeGb}` });
    }
    if (sizeGb > present) await this.#resize(ref, sizeGb);
  }

  /** Nothing to delete is success. The instance must be gone. */
  async remove(ref: InstanceRef): Promise<void> {
    const { path, query } = this.#path(ref);
    try {
      await this.#client.remove(path, { query });
    } catch (error) {
      const folder = `${query.project}_${ref.name}`;
      if (!(error instanceof IncusError) || !this.#client.isLocal) throw error;
      if (!(await removeEmptyVolume(error.said, folder))) throw error;
      await this.#client.remove(path, { query });
    }
  }

  async #resize(ref: InstanceRef, sizeGb: number): Promise<void> {
    const { path, query } = this.#path(ref);
    await this.#client.request('PATCH', path, { config: sizeConfig(sizeGb) }, { query });
  }

  #path(ref: InstanceRef): { folder: string; path: string; query: { project: string } } {
    const { installId, pool } = this.#options;
    const folder = `/1.0/storage-pools/${pool}/volumes/custom`;
    return {
      folder,
      path: `${folder}/${encodeURIComponent(ref.name)}`,
      query: { project: projectName(installId, ref.teamId) },
    };
  }
}

/**
 * Files keep the owners that the guest sees, and are mapped when the volume is mounted. Without it, Incus changes the owner
 * of every file whenever an instance with other user ids takes the volume over, and a kill in the middle leaves a mixture.
 */
const OWNERS = { 'security.shifted': 'true' };

const sizeConfig = (sizeGb: number): Record<string, string> => ({ size: `${sizeGb}GiB` });
