import type { InstanceSpec } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { SnapshotRef } from '../contract/refs.ts';
import { generationOf } from './instance-config.ts';
import type { RootDisk } from './instances.ts';
import type { Parts } from './parts.ts';
import { startInstance } from './power.ts';

/**
 * Creates the instance where it is missing or of an older generation, and starts it. `disk`: the root disk it gets,
 * instead of the image's.
 */
export async function place(parts: Parts, spec: InstanceSpec, disk: RootDisk | null = null): Promise<void> {
  const { installId, pool } = parts.context;
  const { vcpu: hostVcpu } = await parts.server.size();
  for (const { ref } of spec.volumes) {
    // Incus would also attach an incomplete volume, which has no size limit.
    if (await parts.volumes.describe(ref)) continue;
    throw new DataPlaneError('not_found', 'The volume does not exist.', { detail: ref.name });
  }
  await parts.instances.ensure(spec, { installId, pool, hostVcpu }, disk);
}

/** Like {@link place}, with the root disk of a snapshot. */
export async function placeFrom(parts: Parts, spec: InstanceSpec, from: SnapshotRef): Promise<void> {
  const { context, instances, snapshots } = parts;
  const present = await instances.findOlder(spec);
  const kept = await snapshots.find(from);
  if (!kept?.instance) {
    // It was created from the snapshot before the snapshot was deleted.
    if (present && generationOf(present) === spec.generation) return startInstance(context, spec.ref);
    throw new DataPlaneError('not_found', 'The snapshot does not exist.', { detail: from.name });
  }
  const diskGb = Math.max(spec.limits.diskGb, await snapshots.heldGb(kept));
  await place(parts, spec, { snapshot: kept.instance, diskGb });
}
