import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef, SnapshotRef, VolumeRef } from '../contract/refs.ts';
import type { SnapshotReport } from '../contract/snapshots.ts';
import type { IncusContext } from './context.ts';
import { quiesceEngine, releaseEngine } from './control.ts';
import { volumesOf } from './devices.ts';
import { type DiskKind, heldBytes } from './disk-usage.ts';
import { type IncusInstance, isKept, KEPT } from './instance-config.ts';
import type { Instances } from './instances.ts';
import { findInstance, instancePath, listInstances } from './lookup.ts';
import { isSnapshot, teamOf } from './names.ts';
import { freezeInstance, thawInstance } from './power.ts';
import { isComplete, type Volumes } from './volumes.ts';

/** How often to try to quiesce a service's engine before the snapshot fails. */
const ATTEMPTS = 3;
const BYTES_PER_GB = 1024 ** 3;

/** A complete snapshot: an instance for a server, a volume for a service. */
export interface KeptDisk {
  ref: SnapshotRef;
  /** Null for a service's snapshot. */
  instance: IncusInstance | null;
}

/**
 * Snapshots: a copy of a server's instance that never starts, or of a service's volume, in the same project. A snapshot
 * is marked once it is complete; one without the mark was interrupted, and is replaced.
 */
export class Snapshots {
  readonly #context: IncusContext;
  readonly #instances: Instances;
  readonly #volumes: Volumes;

  constructor(context: IncusContext, instances: Instances, volumes: Volumes) {
    this.#context = context;
    this.#instances = instances;
    this.#volumes = volumes;
  }

  async ensure(ref: InstanceRef, snapshot: SnapshotRef): Promise<void> {
    const [kept, source] = await Promise.all([this.find(snapshot), findInstance(this.#context, ref)]);
    // Even if the snapshot exists: a killed run may have left the guest frozen.
    if (source?.status === 'Frozen') await thawInstance(this.#context, ref);
    if (kept) return;
    if (!source) throw new DataPlaneError('not_found', 'The instance does not exist.', { detail: ref.name });
    const [volume, ...more] = volumesOf(source.devices);
    if (more.length > 0) {
      throw new DataPlaneError('invalid', 'An instance with several volumes cannot be kept in one snapshot.');
    }
    await (volume
      ? this.#keepVolume(ref, source, { teamId: ref.teamId, name: volume.name }, snapshot)
      : this.#keepInstance(ref, source, snapshot));
  }

  /** Null where the snapshot does not exist or is incomplete. */
  async find(snapshot: SnapshotRef): Promise<KeptDisk | null> {
    const [instance, volume] = await Promise.all([
      findInstance(this.#context, snapshot),
      this.#volumes.find(snapshot),
    ]);
    if (instance && isKept(instance)) return { ref: snapshot, instance };
    return volume && isComplete(volume) ? { ref: snapshot, instance: null } : null;
  }

  async describe(snapshot: SnapshotRef): Promise<SnapshotReport | null> {
    const kept = await this.find(snapshot);
    return kept && { ref: snapshot, diskBytes: await this.diskBytes(kept) };
  }

  /** Bytes that the snapshot's disk holds. */
  async diskBytes({ ref, instance }: KeptDisk): Promise<number> {
    const kind: DiskKind = instance ? 'containers' : 'custom';
    const { path, query } = instance ? instancePath(this.#context, ref) : this.#volumes.path(ref);
    const incusSays = async (): Promise<number | null> => {
      const state = await this.#context.client.get<DiskState>(`${path}/state`, { query });
      return (instance ? state.disk?.root?.usage : state.usage?.used) ?? null;
    };
    const disk = { kind, project: query.project, name: ref.name };
    const bytes = await heldBytes(this.#context, disk, incusSays, { patient: true });
    if (bytes !== null) return bytes;
    throw new DataPlaneError('failed', 'The size of the snapshot is not known yet.', {
      detail: ref.name,
      retryable: true,
    });
  }

  /** The same in GiB, rounded up: the minimum size of a disk made from it. */
  async heldGb(kept: KeptDisk): Promise<number> {
    return Math.ceil((await this.diskBytes(kept)) / BYTES_PER_GB);
  }

  /** Also removes an incomplete snapshot. */
  async remove(snapshot: SnapshotRef): Promise<void> {
    await this.#instances.remove(snapshot);
    await this.#volumes.remove(snapshot);
  }

  /** All snapshots of this install, including incomplete ones: they count as leaks too. */
  async list(): Promise<SnapshotRef[]> {
    const all = [...(await listInstances(this.#context)), ...(await this.#volumes.list())];
    return all.flatMap(({ project, name }) => {
      const teamId = isSnapshot(name) ? teamOf(this.#context.installId, project) : null;
      return teamId === null ? [] : [{ teamId, name }];
    });
  }

  /** Freezes the guest during the copy, so that the copy is of one moment and holds everything written before it. */
  async #keepInstance(ref: InstanceRef, source: IncusInstance, snapshot: SnapshotRef): Promise<void> {
    await this.#instances.remove(snapshot);
    try {
      await freezeInstance(this.#context, ref);
      await this.#instances.keep(source, snapshot);
    } finally {
      // Also where it is unknown whether the freeze succeeded.
      await thawInstance(this.#context, ref);
    }
    const { path, query } = instancePath(this.#context, snapshot);
    await this.#context.client.request('PATCH', path, KEPT, { query });
  }

  /**
   * The copy is atomic, so every engine recovers from it as from a power failure, even where it cannot be quiesced
   * because its image is too old or the engine is down.
   */
  async #keepVolume(
    ref: InstanceRef,
    source: IncusInstance,
    volume: VolumeRef,
    snapshot: SnapshotRef,
  ): Promise<void> {
    const { log } = this.#context;
    const sizeGb = await this.#volumes.sizeGb(volume);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const quiet = source.status === 'Stopped' ? null : await quiesceEngine(this.#context, ref);
      if (quiet?.state === 'failed')
        log.warn({ instance: ref, reason: quiet.said }, 'snapshot of an engine that could not be quiesced');
      let released = { done: true, said: '' };
      try {
        await this.#volumes.keep(volume, sizeGb, snapshot);
      } finally {
        if (quiet?.state === 'held') released = await releaseEngine(this.#context, ref);
      }
      if (released.done) return this.#volumes.complete(snapshot);
      log.warn(
        { instance: ref, reason: released.said },
        'the engine resumed before the snapshot was complete',
      );
    }
    throw new DataPlaneError(
      'failed',
      'The service could not be made to stand still for the time of a copy.',
      {
        detail: ref.name,
        retryable: true,
      },
    );
  }
}

/** The parts of Incus's state of a volume or instance that hold its disk usage in bytes. */
interface DiskState {
  usage?: { used: number } | null;
  disk?: Record<string, { usage: number }> | null;
}
