import type { InstanceSpec } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { SnapshotRef } from '../contract/refs.ts';
import { generationOf } from './instance-config.ts';
import type { RootDisk } from './instances.ts';
import type { Parts } from './parts.ts';
import { startInstance } from './power.ts';

const BYTES_PER_GB = 1024 ** 3;

/** Makes the instance where it is missing or of an older generation, and starts it. `disk`: what it is to have as its root. */
export async function place(parts: Parts, spec: InstanceSpec, disk: RootDisk | null = null): Promise<void> {
  const { installId, pool } = parts.context;
  const { vcpu: hostVcpu } = await parts.server.size();
  if (spec.dataVolume) await parts.volumes.ensure(spec.ref, spec.limits.diskGb);
  await parts.instances.ensure(spec, { installId, pool, hostVcpu }, disk);
}

/** The same, from a snapshot: once for each generation. */
export async function placeFrom(parts: Parts, spec: InstanceSpec, from: SnapshotRef): Promise<void> {
  const { context, instances, volumes, snapshots } = parts;
  const { ref } = spec;
  const present = await instances.findOlder(spec);
  const isOlder = present !== null && generationOf(present) < spec.generation;
  const isThere = present !== null && !isOlder;
  // What its volume holds came from the snapshot before it, and stays also where the instance was lost since.
  if (spec.dataVolume && (isThere || (await volumes.isRestored(ref, spec.generation)))) {
    return place(parts, spec);
  }
  const kept = await snapshots.find(from);
  if (!kept || spec.dataVolume !== (kept.instance === null)) {
    // It was made from the snapshot before that went.
    if (isThere) return startInstance(context, ref);
    throw new DataPlaneError('not_found', 'The snapshot does not exist.', { detail: from.name });
  }
  const heldGb = Math.ceil((await snapshots.diskBytes(kept)) / BYTES_PER_GB);
  const diskGb = Math.max(spec.limits.diskGb, heldGb);
  if (kept.instance) return place(parts, spec, { snapshot: kept.instance, diskGb });
  if (isOlder) await instances.remove(ref);
  await volumes.restore(ref, from, diskGb, spec.generation);
  await place(parts, spec);
}
