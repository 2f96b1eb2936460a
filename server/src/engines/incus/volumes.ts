import { EngineError, type InstanceRef } from '../engine.ts';
import type { IncusClient } from './client.ts';
import { alreadyExists, IncusError } from './errors.ts';
import { removeEmptyVolume } from './host-remains.ts';
import { projectName } from './names.ts';

interface IncusVolume {
  config: Record<string, string>;
}

/**
 * Key of a volume that was created to its end. A daemon that is killed in the middle leaves the name and an empty folder,
 * which mounts like a volume and has no limit: without this key nothing is ever stored in it.
 */
const COMPLETE = 'user.danube.complete';
/** More than two in a row come from others that create and remove the same volume at the same time. */
const ATTEMPTS = 10;

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
    const { path, query } = this.#path(ref);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await this.#create(ref, sizeGb)) return;
      const present = await this.#client.find<IncusVolume>(path, { query });
      if (present?.config[COMPLETE]) {
        if (sizeGbOf(present) < sizeGb) await this.#resize(ref, sizeGb);
        return;
      }
      // Incus refuses where an instance uses it: then somebody else has completed it meanwhile.
      if (present) await this.#removeUnused(ref);
    }
    throw new EngineError('failed', 'The disk could not be created.', {
      detail: `${ref.name} keeps being in the way`,
      retryable: true,
    });
  }

  /** False where there is a volume of that name. */
  async #create(ref: InstanceRef, sizeGb: number): Promise<boolean> {
    const { folder, path, query } = this.#path(ref);
    const config = { ...sizeConfig(sizeGb), ...OWNERS };
    const body = { name: ref.name, type: 'custom', content_type: 'filesystem', config };
    try {
      await this.#client.request('POST', folder, body, { query });
    } catch (error) {
      if (alreadyExists(error)) return false;
      if (!(error instanceof IncusError) || !/project.*not found/i.test(error.said)) throw error;
      throw new EngineError('not_found', `Team ${ref.teamId} has no network.`, {
        detail: error.said,
        cause: error,
      });
    }
    await this.#client.request('PATCH', path, { config: { [COMPLETE]: 'true' } }, { query });
    return true;
  }

  async #removeUnused(ref: InstanceRef): Promise<void> {
    try {
      await this.remove(ref);
    } catch (error) {
      if (!(error instanceof IncusError) || !/in use/i.test(error.said)) throw error;
    }
  }

  /** In GiB. Throws `not_found` where there is no volume. */
  async sizeGb(ref: InstanceRef): Promise<number> {
    const { path, query } = this.#path(ref);
    return sizeGbOf(await this.#client.get<IncusVolume>(path, { query }));
  }

  /** Live, under a running instance. Throws `invalid` for less than the volume has, and what is worth another try. */
  async grow(ref: InstanceRef, sizeGb: number): Promise<void> {
    const present = await this.sizeGb(ref);
    if (sizeGb < present) {
      throw new EngineError('invalid', 'A disk cannot shrink.', { detail: `${present} → ${sizeGb}` });
    }
    if (sizeGb === present) return;
    try {
      await this.#resize(ref, sizeGb);
    } catch (cause) {
      if (!(cause instanceof IncusError) || !/quota exceeded/i.test(cause.said)) throw cause;
      // Btrfs counts raising the limit against the limit, where a volume is full and being written to at this moment.
      throw new EngineError('failed', 'The disk could not be grown yet.', {
        detail: cause.said,
        retryable: true,
        cause,
      });
    }
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
