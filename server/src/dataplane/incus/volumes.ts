import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef, SnapshotRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { alreadyExists, IncusError } from './errors.ts';
import { projectName } from './names.ts';

interface IncusVolume {
  name: string;
  project: string;
  config: Record<string, string>;
}

/**
 * Key of a volume that was created to its end. A daemon that is killed in the middle leaves the name and an empty folder,
 * which mounts like a volume and has no limit: without this key nothing is ever stored in it.
 */
const COMPLETE = 'user.danube.complete';
/** Key of a volume that was made from a snapshot: for which generation of its instance. */
const GENERATION = 'user.danube.generation';
/** More than two in a row come from others that create and remove the same volume at the same time. */
const ATTEMPTS = 10;

export const isComplete = (volume: IncusVolume): boolean => volume.config[COMPLETE] !== undefined;

const isCopyFor = (volume: IncusVolume, generation: number): boolean =>
  isComplete(volume) && Number(volume.config[GENERATION] ?? 0) >= generation;

const inTheWay = ({ name }: InstanceRef | SnapshotRef): DataPlaneError =>
  new DataPlaneError('failed', 'The disk could not be created.', {
    detail: `${name} keeps being in the way`,
    retryable: true,
  });

const sizeGbOf = (volume: IncusVolume): number => Number.parseInt(volume.config.size ?? '', 10);

/**
 * Data volumes: one custom volume of Incus per instance that has one, under the instance's own name and in the team's
 * project. Its life is not the instance's: it stays when that is replaced, and goes when Danube says so. A snapshot is a
 * volume too, under its own name.
 */
export class Volumes {
  readonly #context: IncusContext;

  constructor(context: IncusContext) {
    this.#context = context;
  }

  /** Creates the volume, or lets one that is there grow to `sizeGb` GiB. One that is larger stays as it is. */
  async ensure(ref: InstanceRef, sizeGb: number): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await this.#create(ref, sizeGb)) return;
      const present = await this.find(ref);
      if (present && isComplete(present)) {
        if (sizeGbOf(present) < sizeGb) await this.#resize(ref, sizeGb);
        return;
      }
      // Incus refuses where an instance uses it: then somebody else has completed it meanwhile.
      if (present) await this.#removeUnused(ref);
    }
    throw inTheWay(ref);
  }

  /**
   * Gives the instance a copy of the snapshot in place of the volume that it has, once for each generation: what it has
   * stored since then stays. The instance must be gone. The copy has `sizeGb` GiB.
   */
  async restore(ref: InstanceRef, from: SnapshotRef, sizeGb: number, generation: number): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const present = await this.find(ref);
      if (present && isCopyFor(present, generation)) return;
      if (present) await this.#removeUnused(ref);
      else if (await this.#make(ref, sizeGb, from)) {
        return this.complete(ref, { [GENERATION]: String(generation) });
      }
    }
    throw inTheWay(ref);
  }

  /** Whether the volume is the copy that this generation of the instance is to have, or a later one's. */
  async isRestored(ref: InstanceRef, generation: number): Promise<boolean> {
    const present = await this.find(ref);
    return present !== null && isCopyFor(present, generation);
  }

  /** Keeps a copy of the instance's volume, which counts once it is {@link complete}; replaces the rest of another attempt. */
  async keep(ref: InstanceRef, snapshot: SnapshotRef): Promise<void> {
    const sizeGb = await this.sizeGb(ref);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      await this.remove(snapshot);
      if (await this.#make(snapshot, sizeGb, ref)) return;
    }
    throw inTheWay(snapshot);
  }

  /** Marks a volume as made to its end. */
  async complete(ref: InstanceRef | SnapshotRef, config: Record<string, string> = {}): Promise<void> {
    const { path, query } = this.path(ref);
    await this.#context.client.request(
      'PATCH',
      path,
      { config: { ...config, [COMPLETE]: 'true' } },
      { query },
    );
  }

  /** False where there is a volume of that name. */
  async #create(ref: InstanceRef, sizeGb: number): Promise<boolean> {
    if (!(await this.#make(ref, sizeGb))) return false;
    await this.complete(ref);
    return true;
  }

  /** Makes an empty volume, or a copy, and leaves it unmarked. False where there is a volume of that name. */
  async #make(
    ref: InstanceRef | SnapshotRef,
    sizeGb: number,
    from?: InstanceRef | SnapshotRef,
  ): Promise<boolean> {
    const { folder, query } = this.path(ref);
    const config = { ...sizeConfig(sizeGb), ...OWNERS };
    const source = { type: 'copy', name: from?.name, pool: this.#context.pool, volume_only: true };
    const body = { name: ref.name, type: 'custom', content_type: 'filesystem', config };
    try {
      await this.#context.client.request('POST', folder, from ? { ...body, source } : body, { query });
    } catch (error) {
      if (alreadyExists(error)) return false;
      if (!(error instanceof IncusError) || !/project.*not found/i.test(error.said)) throw error;
      throw new DataPlaneError('not_found', `Team ${ref.teamId} has no network.`, {
        detail: error.said,
        cause: error,
      });
    }
    return true;
  }

  async #removeUnused(ref: InstanceRef): Promise<void> {
    try {
      await this.remove(ref);
    } catch (error) {
      if (!(error instanceof IncusError) || !/in use/i.test(error.said)) throw error;
    }
  }

  find(ref: InstanceRef | SnapshotRef): Promise<IncusVolume | null> {
    const { path, query } = this.path(ref);
    return this.#context.client.find<IncusVolume>(path, { query });
  }

  /** Of all projects, this install's or not. */
  async list(): Promise<IncusVolume[]> {
    const query = { recursion: '1', 'all-projects': 'true' };
    return this.#context.client.get<IncusVolume[]>(
      `/1.0/storage-pools/${this.#context.pool}/volumes/custom`,
      {
        query,
      },
    );
  }

  /** In GiB. Throws `not_found` where there is no volume. */
  async sizeGb(ref: InstanceRef): Promise<number> {
    const { path, query } = this.path(ref);
    return sizeGbOf(await this.#context.client.get<IncusVolume>(path, { query }));
  }

  /** Live, under a running instance. Throws `invalid` for less than the volume has, and what is worth another try. */
  async grow(ref: InstanceRef, sizeGb: number): Promise<void> {
    const present = await this.sizeGb(ref);
    if (sizeGb < present) {
      throw new DataPlaneError('invalid', 'A disk cannot shrink.', { detail: `${present} → ${sizeGb}` });
    }
    if (sizeGb === present) return;
    try {
      await this.#resize(ref, sizeGb);
    } catch (cause) {
      if (!(cause instanceof IncusError) || !/quota exceeded/i.test(cause.said)) throw cause;
      // Btrfs counts raising the limit against the limit, where a volume is full and being written to at this moment.
      throw new DataPlaneError('failed', 'The disk could not be grown yet.', {
        detail: cause.said,
        retryable: true,
        cause,
      });
    }
  }

  /** Nothing to delete is success. The instance must be gone. */
  async remove(ref: InstanceRef | SnapshotRef): Promise<void> {
    const { path, query } = this.path(ref);
    try {
      await this.#context.client.remove(path, { query });
    } catch (error) {
      const folder = `${query.project}_${ref.name}`;
      const { host } = this.#context;
      if (!(error instanceof IncusError) || !(await host?.removeEmptyVolume(error.said, folder))) throw error;
      await this.#context.client.remove(path, { query });
    }
  }

  async #resize(ref: InstanceRef, sizeGb: number): Promise<void> {
    const { path, query } = this.path(ref);
    await this.#context.client.request('PATCH', path, { config: sizeConfig(sizeGb) }, { query });
  }

  path(ref: InstanceRef | SnapshotRef): { folder: string; path: string; query: { project: string } } {
    const { installId, pool } = this.#context;
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
