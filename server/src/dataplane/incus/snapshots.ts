import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef, SnapshotRef, VolumeRef } from '../contract/refs.ts';
import type { SnapshotReport } from '../contract/snapshots.ts';
import type { IncusContext } from './context.ts';
import { quiesceEngine, releaseEngine } from './control.ts';
import { volumesOf } from './devices.ts';
import { type DiskKind, heldBytes } from './disk-usage.ts';
import { type IncusInstance, isKept, KEPT } from './instance-config.ts';
import type { Instances } from './instances.ts';
import { findInstance, getInstance, instancePath, listInstances } from './lookup.ts';
import { isSnapshot, teamOf } from './names.ts';
import { freezeInstance, thawInstance } from './power.ts';
import { isComplete, type Volumes } from './volumes.ts';

/** How often a service is asked to stand still for a copy before the snapshot fails. */
const ATTEMPTS = 3;
const BYTES_PER_GB = 1024 ** 3;

/** A snapshot that was made to its end: of a server it is an instance, of a service a volume. */
export interface KeptDisk {
  ref: SnapshotRef;
  /** Null for a service's. */
  instance: IncusInstance | null;
}

/**
 * Snapshots: a copy of a server's instance that never starts, or of a service's volume, next to what they were made
 * of. Each is marked when it is complete; what a kill left without the mark counts for nothing, and is replaced.
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
    // Also where it is done: a run that was killed may have left the guest frozen.
    if (await this.find(snapshot)) return thawInstance(this.#context, ref);
    const source = await getInstance(this.#context, ref);
    const [volume, ...more] = volumesOf(source.devices);
    if (more.length > 0) {
      throw new DataPlaneError('invalid', 'An instance with several volumes cannot be kept in one snapshot.');
    }
    await (volume
      ? this.#keepVolume(ref, source, { teamId: ref.teamId, name: volume.name }, snapshot)
      : this.#keepInstance(ref, source, snapshot));
  }

  /** Null where there is none, or only a part of one. */
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

  /** What the kept disk holds. */
  async diskBytes({ ref, instance }: KeptDisk): Promise<number> {
    const kind: DiskKind = instance ? 'containers' : 'custom';
    const { path, query } = instance ? instancePath(this.#context, ref) : this.#volumes.path(ref);
    const state = await this.#context.client.get<DiskState>(`${path}/state`, { query });
    const incusSays = (instance ? state.disk?.root?.usage : state.usage?.used) ?? null;
    const disk = { kind, project: query.project, name: ref.name };
    const bytes = await heldBytes(this.#context, disk, incusSays, { patient: true });
    if (bytes !== null) return bytes;
    throw new DataPlaneError('failed', 'The size of the snapshot is not known yet.', {
      detail: ref.name,
      retryable: true,
    });
  }

  /** The same in GiB, rounded up: the least size of a disk that is made from it. */
  async heldGb(kept: KeptDisk): Promise<number> {
    return Math.ceil((await this.diskBytes(kept)) / BYTES_PER_GB);
  }

  /** Also what is left of one that was never completed. */
  async remove(snapshot: SnapshotRef): Promise<void> {
    await this.#instances.remove(snapshot);
    await this.#volumes.remove(snapshot);
  }

  /** All of this install, completed or not: whoever looks for leaks must see them. */
  async list(): Promise<SnapshotRef[]> {
    const all = [...(await listInstances(this.#context)), ...(await this.#volumes.list())];
    return all.flatMap(({ project, name }) => {
      const teamId = isSnapshot(name) ? teamOf(this.#context.installId, project) : null;
      return teamId === null ? [] : [{ teamId, name }];
    });
  }

  /** The guest writes nothing between the moment of the freeze and the copy, which has all that was written before. */
  async #keepInstance(ref: InstanceRef, source: IncusInstance, snapshot: SnapshotRef): Promise<void> {
    await this.#instances.remove(snapshot);
    try {
      await freezeInstance(this.#context, ref);
      await this.#instances.keep(source, snapshot);
    } finally {
      // Also where the freeze is not known to have come to its end.
      await thawInstance(this.#context, ref);
    }
    const { path, query } = instancePath(this.#context, snapshot);
    await this.#context.client.request('PATCH', path, KEPT, { query });
  }

  /**
   * The copy is of one moment. So every engine recovers from it as from a loss of power, also where it cannot be
   * quiesced: an image that is older than that, or an engine that is down.
   */
  async #keepVolume(
    ref: InstanceRef,
    source: IncusInstance,
    volume: VolumeRef,
    snapshot: SnapshotRef,
  ): Promise<void> {
    const { log } = this.#context;
    await thawInstance(this.#context, ref);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const quiet = source.status === 'Stopped' ? null : await quiesceEngine(this.#context, ref);
      if (quiet && !quiet.done)
        log.warn({ instance: ref, reason: quiet.said }, 'snapshot of an engine that was not quiesced');
      let released = { done: true, said: '' };
      try {
        await this.#volumes.keep(volume, snapshot);
      } finally {
        if (quiet?.done) released = await releaseEngine(this.#context, ref);
      }
      if (released.done) return this.#volumes.complete(snapshot);
      log.warn(
        { instance: ref, reason: released.said },
        'the engine went on before the snapshot was complete',
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

/** The parts of Incus' state of a volume, and of an instance, that tell how much a disk holds: bytes. */
interface DiskState {
  usage?: { used: number } | null;
  disk?: Record<string, { usage: number }> | null;
}
