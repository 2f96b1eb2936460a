import { DataPlaneError } from '../contract/errors.ts';
import type { SnapshotRef, VolumeRef } from '../contract/refs.ts';
import type { VolumeOrigin, VolumeReport, VolumeSpec } from '../contract/volumes.ts';
import type { IncusContext } from './context.ts';
import { givingSize } from './disk-size.ts';
import { alreadyExists, IncusError } from './errors.ts';
import { isSnapshot, projectName, teamOf } from './names.ts';

interface IncusVolume {
  name: string;
  project: string;
  config: Record<string, string>;
}

/**
 * Key of a volume that was created to its end. A daemon that is killed in the middle leaves the name and an empty
 * folder, which mounts like a volume and has no limit: without this key nothing is ever stored in it.
 */
const COMPLETE = 'user.danube.complete';
/** Key of a volume that was made from a snapshot: for which generation of its instance. */
const GENERATION = 'user.danube.generation';
/** More than two in a row come from others that create and remove the same volume at the same time. */
const ATTEMPTS = 10;

export const isComplete = (volume: IncusVolume): boolean => volume.config[COMPLETE] !== undefined;

const generationOf = (volume: IncusVolume): number => Number(volume.config[GENERATION] ?? 0);

const sizeGbOf = (volume: IncusVolume): number => Number.parseInt(volume.config.size ?? '', 10);

const inTheWay = ({ name }: VolumeRef | SnapshotRef): DataPlaneError =>
  new DataPlaneError('failed', 'The disk could not be created.', {
    detail: `${name} keeps being in the way`,
    retryable: true,
  });

/**
 * Custom volumes of Incus, in the team's project. A snapshot of one is a volume too, under its own name. Marks are
 * written last: what has none was made by half, and is replaced.
 */
export class Volumes {
  readonly #context: IncusContext;

  constructor(context: IncusContext) {
    this.#context = context;
  }

  /** Creates the volume, or lets one that is there grow. One that is larger stays as it is. */
  async ensure({ ref, sizeGb }: VolumeSpec): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await this.#make(ref, sizeGb)) return this.complete(ref);
      const present = await this.find(ref);
      if (present && isComplete(present)) {
        if (sizeGbOf(present) < sizeGb) await this.#grow(ref, sizeGb);
        return;
      }
      if (present) await this.#removeUnused(ref);
    }
    throw inTheWay(ref);
  }

  /** Makes the volume a copy of the snapshot, in place of one that was made for an older generation. */
  async restore({ ref, sizeGb }: VolumeSpec, { snapshot, generation }: VolumeOrigin): Promise<void> {
    let isUsed = false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const present = await this.find(ref);
      if (present && isComplete(present) && generationOf(present) >= generation) return;
      if (present) isUsed = !(await this.#removeUnused(ref));
      else if (await this.#make(ref, sizeGb, snapshot)) {
        return this.complete(ref, { [GENERATION]: String(generation) });
      }
    }
    throw isUsed ? inUse(ref) : inTheWay(ref);
  }

  /** Keeps a copy of the volume, which counts once it is {@link complete}; replaces the rest of another attempt. */
  async keep(ref: VolumeRef, snapshot: SnapshotRef): Promise<void> {
    const { path, query } = this.path(ref);
    const sizeGb = sizeGbOf(await this.#context.client.get<IncusVolume>(path, { query }));
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      await this.remove(snapshot);
      if (await this.#make(snapshot, sizeGb, ref)) return;
    }
    throw inTheWay(snapshot);
  }

  /** Marks a volume as made to its end. */
  async complete(ref: VolumeRef | SnapshotRef, config: Record<string, string> = {}): Promise<void> {
    const { path, query } = this.path(ref);
    const marked = { config: { ...config, [COMPLETE]: 'true' } };
    await this.#context.client.request('PATCH', path, marked, { query });
  }

  find(ref: VolumeRef | SnapshotRef): Promise<IncusVolume | null> {
    const { path, query } = this.path(ref);
    return this.#context.client.find<IncusVolume>(path, { query });
  }

  /** Null where there is none, or only a part of one. */
  async describe(ref: VolumeRef): Promise<VolumeReport | null> {
    const found = await this.find(ref);
    if (!found || !isComplete(found)) return null;
    return { ref, sizeGb: sizeGbOf(found), generation: generationOf(found) };
  }

  /** Of all projects, this install's or not, and with snapshots. */
  async list(): Promise<IncusVolume[]> {
    const query = { recursion: '1', 'all-projects': 'true' };
    const path = `/1.0/storage-pools/${this.#context.pool}/volumes/custom`;
    return this.#context.client.get<IncusVolume[]>(path, { query });
  }

  /** Of this install, without snapshots. */
  async listRefs(): Promise<VolumeRef[]> {
    return (await this.list()).flatMap(({ project, name }) => {
      const teamId = isSnapshot(name) ? null : teamOf(this.#context.installId, project);
      return teamId === null ? [] : [{ teamId, name }];
    });
  }

  /** Nothing to delete is success. Throws `invalid` where an instance has it. */
  async remove(ref: VolumeRef | SnapshotRef): Promise<void> {
    const { client, host } = this.#context;
    const { path, query } = this.path(ref);
    try {
      await client.remove(path, { query });
    } catch (error) {
      if (!(error instanceof IncusError)) throw error;
      if (/in use/i.test(error.said)) throw inUse(ref, error);
      if (!(await host?.removeEmptyVolume(error.said, `${query.project}_${ref.name}`))) throw error;
      await client.remove(path, { query });
    }
  }

  path(ref: VolumeRef | SnapshotRef): { folder: string; path: string; query: { project: string } } {
    const { installId, pool } = this.#context;
    const folder = `/1.0/storage-pools/${pool}/volumes/custom`;
    return {
      folder,
      path: `${folder}/${encodeURIComponent(ref.name)}`,
      query: { project: projectName(installId, ref.teamId) },
    };
  }

  /** False where an instance has it: then somebody else may have completed it meanwhile. */
  async #removeUnused(ref: VolumeRef): Promise<boolean> {
    try {
      await this.remove(ref);
      return true;
    } catch (error) {
      if (!(error instanceof DataPlaneError) || error.code !== 'invalid') throw error;
      return false;
    }
  }

  /** Makes an empty volume, or a copy, and leaves it unmarked. False where there is a volume of that name. */
  async #make(
    ref: VolumeRef | SnapshotRef,
    sizeGb: number,
    from?: VolumeRef | SnapshotRef,
  ): Promise<boolean> {
    const { client, pool } = this.#context;
    const { folder, query } = this.path(ref);
    const config = { ...sizeConfig(sizeGb), ...OWNERS };
    const source = { type: 'copy', name: from?.name, pool, volume_only: true };
    const body = { name: ref.name, type: 'custom', content_type: 'filesystem', config };
    try {
      await givingSize(this.#context, () =>
        client.request('POST', folder, from ? { ...body, source } : body, { query }),
      );
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

  /** Live, under a running instance. */
  async #grow(ref: VolumeRef, sizeGb: number): Promise<void> {
    const { path, query } = this.path(ref);
    await givingSize(this.#context, () =>
      this.#context.client.request('PATCH', path, { config: sizeConfig(sizeGb) }, { query }),
    );
  }
}

const inUse = ({ name }: VolumeRef | SnapshotRef, cause?: unknown): DataPlaneError =>
  new DataPlaneError('invalid', 'The volume is in use.', { detail: name, cause });

/**
 * Files keep the owners that the guest sees, and are mapped when the volume is mounted. Without it, Incus changes the
 * owner of every file whenever an instance with other user ids takes the volume over, and a kill in the middle leaves a
 * mixture.
 */
const OWNERS = { 'security.shifted': 'true' };

const sizeConfig = (sizeGb: number): Record<string, string> => ({ size: `${sizeGb}GiB` });
