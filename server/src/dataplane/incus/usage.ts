import type { Usage } from '../contract/compute.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { DATA_DEVICE } from './devices.ts';
import { heldBytes } from './disk-usage.ts';
import { instancePath } from './lookup.ts';

/** The parts of Incus' state of an instance that Danube reads. Of one that is stopped, memory and CPU are 0. */
interface IncusState {
  status: string;
  /** Bytes. */
  memory: { usage: number } | null;
  /** Nanoseconds since it started. */
  cpu: { usage: number } | null;
  /** Bytes, by device; an instance that is stopped has disks as well. */
  disk: Record<string, { usage: number }> | null;
}

/**
 * What an instance uses, or null where there is none. Memory is what the kernel counts for its control group: with the file
 * cache, which it gives back when processes want more. Disk is what its limit counts.
 */
export async function describeUsage(context: IncusContext, ref: InstanceRef): Promise<Usage | null> {
  const { path, query } = instancePath(context, ref);
  const state = await context.client.find<IncusState>(`${path}/state`, { query });
  if (!state) return null;
  const { memory, cpu, disk } = state;
  const kind = disk?.[DATA_DEVICE] ? 'custom' : 'containers';
  const incusSays = (disk?.[DATA_DEVICE] ?? disk?.root)?.usage ?? null;
  const runs = state.status === 'Running' || state.status === 'Ready';
  return {
    memoryBytes: runs && memory ? memory.usage : null,
    cpuSeconds: runs && cpu ? cpu.usage / 1e9 : null,
    diskBytes: await heldBytes(context, { kind, project: query.project, name: ref.name }, incusSays),
  };
}
