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
 * Key of a complete volume. A daemon killed while creating one leaves its record and an empty folder, which mounts like
 * a volume but has no size limit. Nothing may be stored in a volume without this key.
 */
const COMPLETE = 'user.danube.complete';
/** Key of a volume made from a snapshot: the generation of the instance it was made for. */
const GENERATION = 'user.danube.generation';
/** More than two attempts in a row happen only while another process creates and removes the same volume. */
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
 * Custom volumes of Incus, in the team's project. A snapshot of a volume is a volume too, under its own name. The keys
 * that mark it complete are written last: a volume without them was interrupted, and is replaced.
 */
export class Volumes {
  readonly #context: IncusContext;

  constructor(context: IncusContext) {
    this.#context = context;
  }

  /** Creates the volume, or grows an existing one. A larger one is not shrunk. */
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

  /** Replaces the volume by a copy of the snapshot, unless it was already made for this generation. */
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

  /** GiB that the volume can hold. */
  async sizeGb(ref: VolumeRef): Promise<number> {
    const { path, query } = this.path(ref);
    return sizeGbOf(await this.#context.client.get<IncusVolume>(path, { query }));
  }

  /**
   * Copies the volume, of that many GiB, as a snapshot, which counts once it is {@link complete}. Replaces an earlier
   * incomplete copy.
   */
  async keep(ref: VolumeRef, sizeGb: number, snapshot: SnapshotRef): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await this.#make(snapshot, sizeGb, ref)) return;
      await this.remove(snapshot);
    }
    throw inTheWay(snapshot);
  }

  /** Marks a volume as complete. */
  async complete(ref: VolumeRef | SnapshotRef, config: Record<string, string> = {}): Promise<void> {
    const { path, query } = this.path(ref);
    const marked = { config: { ...config, [COMPLETE]: 'true' } };
    await this.#context.client.request('PATCH', path, marked, { query });
  }

  find(ref: VolumeRef | SnapshotRef): Promise<IncusVolume | null> {
    const { path, query } = this.path(ref);
    return this.#context.client.find<IncusVolume>(path, { query });
  }

  /** Null where the volume does not exist or is incomplete. */
  async describe(ref: VolumeRef): Promise<VolumeReport | null> {
    const found = await this.find(ref);
    if (!found || !isComplete(found)) return null;
    return { ref, sizeGb: sizeGbOf(found), generation: generationOf(found) };
  }

  /** Volumes of all projects, including snapshots and those of other installs. */
  async list(): Promise<IncusVolume[]> {
    const query = { recursion: '1', 'all-projects': 'true' };
    const path = `/1.0/storage-pools/${this.#context.pool}/volumes/custom`;
    return this.#context.client.get<IncusVolume[]>(path, { query });
  }

  /** Volumes of this install, without snapshots. */
  async listRefs(): Promise<VolumeRef[]> {
    return (await this.list()).flatMap(({ project, name }) => {
      const teamId = isSnapshot(name) ? null : teamOf(this.#context.installId, project);
      return teamId === null ? [] : [{ teamId, name }];
    });
  }

  /** Succeeds where there is no such volume. Throws `invalid` while an instance uses it. */
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

  /** False while an instance uses it: another process may have completed it meanwhile. */
  async #removeUnused(ref: VolumeRef): Promise<boolean> {
    try {
      await this.remove(ref);
      return true;
    } catch (error) {
      if (!(error instanceof DataPlaneError) || error.code !== 'invalid') throw error;
      return false;
    }
  }

  /** Creates an empty volume or a copy, without the key that marks it complete. False where the name is taken. */
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

  /** Works while an instance uses the volume. */
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
 * Files keep the guest's user ids on disk; the kernel maps them at mount time. Otherwise Incus changes the owner of
 * every file whenever an instance with another id range takes over the volume, and a kill half-way leaves a mixture.
 */
const OWNERS = { 'security.shifted': 'true' };

const sizeConfig = (sizeGb: number): Record<string, string> => ({ size: `${sizeGb}GiB` });
