import type { Log } from '../../lib/log.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef, SnapshotRef } from '../contract/refs.ts';
import type { SnapshotReport } from '../contract/snapshots.ts';
import type { IncusClient } from './client.ts';
import { quiesceEngine, releaseEngine } from './control.ts';
import { hasDataVolume } from './devices.ts';
import type { DiskKind, DiskUsage } from './disk-usage.ts';
import { type IncusInstance, isKept, KEPT } from './instance-config.ts';
import type { Instances } from './instances.ts';
import { isSnapshot, teamOf } from './names.ts';
import { isComplete, type Volumes } from './volumes.ts';

/** How often a service is asked to stand still for a copy before the snapshot fails. */
const ATTEMPTS = 3;

/** The parts that snapshots are made with. */
export interface SnapshotParts {
  client: IncusClient;
  instances: Instances;
  volumes: Volumes;
  usage: DiskUsage;
  installId: string;
  log: Log;
}

/** A snapshot that was made to its end: of a server it is an instance, of a service a volume. */
export interface KeptDisk {
  ref: SnapshotRef;
  /** Null for a service's. */
  instance: IncusInstance | null;
}

/**
 * Snapshots: a copy of a server's instance that never starts, or of a service's data volume, next to what they were made
 * of. Each is marked when it is complete; what a kill left without the mark counts for nothing, and is replaced.
 */
export class Snapshots {
  readonly #parts: SnapshotParts;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  async ensure(ref: InstanceRef, snapshot: SnapshotRef): Promise<void> {
    const { instances } = this.#parts;
    // Also where it is done: a run that was killed may have left the guest frozen.
    if (await this.find(snapshot)) return instances.thaw(ref);
    const source = await instances.get(ref);
    await (hasDataVolume(source.devices)
      ? this.#keepVolume(ref, source, snapshot)
      : this.#keepInstance(ref, source, snapshot));
  }

  /** Null where there is none, or only a part of one. */
  async find(snapshot: SnapshotRef): Promise<KeptDisk | null> {
    const { instances, volumes } = this.#parts;
    const [instance, volume] = await Promise.all([instances.find(snapshot), volumes.find(snapshot)]);
    if (instance && isKept(instance)) return { ref: snapshot, instance };
    return volume && isComplete(volume) ? { ref: snapshot, instance: null } : null;
  }

  async describe(snapshot: SnapshotRef): Promise<SnapshotReport | null> {
    const kept = await this.find(snapshot);
    return kept && { ref: snapshot, diskBytes: await this.diskBytes(kept) };
  }

  /** What the kept disk holds. */
  async diskBytes({ ref, instance }: KeptDisk): Promise<number> {
    const { client, instances, volumes, usage } = this.#parts;
    const kind: DiskKind = instance ? 'containers' : 'custom';
    const { path, query } = (instance ? instances : volumes).path(ref);
    const state = await client.get<DiskState>(`${path}/state`, { query });
    const incusSays = (instance ? state.disk?.root?.usage : state.usage?.used) ?? null;
    const disk = { kind, project: query.project, name: ref.name };
    const bytes = await usage.heldBytes(disk, incusSays, { patient: true });
    if (bytes !== null) return bytes;
    throw new DataPlaneError('failed', 'The size of the snapshot is not known yet.', {
      detail: ref.name,
      retryable: true,
    });
  }

  /** Also what is left of one that was never completed. */
  async remove(snapshot: SnapshotRef): Promise<void> {
    const { instances, volumes } = this.#parts;
    await instances.remove(snapshot);
    await volumes.remove(snapshot);
  }

  /** All of this install, completed or not: whoever looks for leaks must see them. */
  async list(): Promise<SnapshotRef[]> {
    const { instances, volumes, installId } = this.#parts;
    const found = [...(await instances.list()), ...(await volumes.list())].filter(({ name }) =>
      isSnapshot(name),
    );
    return found.flatMap(({ project, name }) => {
      const teamId = teamOf(installId, project);
      return teamId === null ? [] : [{ teamId, name }];
    });
  }

  /** The guest writes nothing between the moment of the freeze and the copy, which has all that was written before. */
  async #keepInstance(ref: InstanceRef, source: IncusInstance, snapshot: SnapshotRef): Promise<void> {
    const { client, instances } = this.#parts;
    await instances.remove(snapshot);
    try {
      await instances.freeze(ref);
      await instances.keep(source, snapshot);
    } finally {
      // Also where the freeze is not known to have come to its end.
      await instances.thaw(ref);
    }
    const { path, query } = instances.path(snapshot);
    await client.request('PATCH', path, KEPT, { query });
  }

  /**
   * The copy is of one moment. So every engine recovers from it as from a loss of power, also where it cannot be
   * quiesced: an image that is older than that, or an engine that is down.
   */
  async #keepVolume(ref: InstanceRef, source: IncusInstance, snapshot: SnapshotRef): Promise<void> {
    const { client, instances, volumes, log } = this.#parts;
    await instances.thaw(ref);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const quiet = source.status === 'Stopped' ? null : await quiesceEngine(client, instances, ref);
      if (quiet && !quiet.done)
        log.warn({ instance: ref, reason: quiet.said }, 'snapshot of an engine that was not quiesced');
      let released = { done: true, said: '' };
      try {
        await volumes.keep(ref, snapshot);
      } finally {
        if (quiet?.done) released = await releaseEngine(client, instances, ref);
      }
      if (released.done) return volumes.complete(snapshot);
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
