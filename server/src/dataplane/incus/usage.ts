import { startedAt } from '../../lib/processes.ts';
import type { Usage } from '../contract/compute.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { volumesOf } from './devices.ts';
import { type DiskKind, heldBytes } from './disk-usage.ts';
import { findInstance, instancePath } from './lookup.ts';

/** The parts of Incus's state of an instance that Danube reads. Memory and CPU are 0 for a stopped instance. */
interface IncusState {
  status: string;
  /** Of its first process, on the host of that Incus. */
  pid: number;
  /** Newer versions only; the year 1 where it does not run. */
  started_at?: string;
  /** Bytes. */
  memory: { usage: number } | null;
  /** Nanoseconds since it started. */
  cpu: { usage: number } | null;
  /** Bytes by device; reported for stopped instances too. */
  disk: Record<string, { usage: number }> | null;
  /** By name of the interface; null for a stopped instance. */
  network: Record<string, { state: string; addresses: { scope: string }[] | null }> | null;
}

/** The network card of every instance that has one. */
const CARD = 'eth0';

/**
 * Resource usage of an instance, or null where it does not exist. Memory is the usage of its control group, including
 * page cache, which the kernel reclaims when processes need memory. Disk usage is what the disk limit counts.
 */
export async function describeUsage(context: IncusContext, ref: InstanceRef): Promise<Usage | null> {
  const { path, query } = instancePath(context, ref);
  const [instance, state] = await Promise.all([
    findInstance(context, ref),
    context.client.find<IncusState>(`${path}/state`, { query }),
  ]);
  if (!instance || !state) return null;
  const { memory, cpu, disk, network } = state;
  const runs = state.status === 'Running' || state.status === 'Ready';
  const held = (kind: DiskKind, name: string, device: string): Promise<number | null> =>
    heldBytes(context, { kind, project: query.project, name }, () => disk?.[device]?.usage ?? null);
  return {
    memoryBytes: runs && memory ? memory.usage : null,
    cpuSeconds: runs && cpu ? cpu.usage / 1e9 : null,
    online: runs && instance.devices[CARD] ? isOnline(network?.[CARD]) : null,
    startedAt: runs ? startOf(state, context.host !== null) : null,
    oomKills: runs ? ((await context.host?.oomKills(query.project, ref.name)) ?? null) : null,
    diskBytes: await held('containers', ref.name, 'root'),
    volumes: await Promise.all(
      volumesOf(instance.devices).map(async ({ device, name }) => ({
        ref: { teamId: ref.teamId, name },
        usedBytes: await held('custom', name, device),
      })),
    ),
  };
}

/** Without a global address, a card that is up reaches nobody. */
const isOnline = (card: { state: string; addresses: { scope: string }[] | null } | undefined): boolean =>
  card?.state === 'up' && (card.addresses ?? []).some(({ scope }) => scope === 'global');

function startOf({ started_at, pid }: IncusState, isLocal: boolean): number | null {
  const said = Date.parse(started_at ?? '');
  if (said > 0) return said;
  return isLocal ? startedAt(pid) : null;
}
