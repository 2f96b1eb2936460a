import type { InstanceRef, SnapshotRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import type { IncusInstance } from './instance-config.ts';
import { projectName } from './names.ts';

/** Where Incus has an instance. A snapshot of a server is one too: one that never starts. */
export function instancePath(
  { installId }: Pick<IncusContext, 'installId'>,
  ref: InstanceRef | SnapshotRef,
): { path: string; query: { project: string } } {
  return {
    path: `/1.0/instances/${encodeURIComponent(ref.name)}`,
    query: { project: projectName(installId, ref.teamId) },
  };
}

/** A guest may call itself ready, which is still running. */
const settleReady = (instance: IncusInstance): IncusInstance =>
  instance.status === 'Ready' ? { ...instance, status: 'Running' } : instance;

/** Null where there is none. */
export async function findInstance(
  context: IncusContext,
  ref: InstanceRef | SnapshotRef,
): Promise<IncusInstance | null> {
  const { path, query } = instancePath(context, ref);
  const found = await context.client.find<IncusInstance>(path, { query });
  return found && settleReady(found);
}

/** Throws `not_found` where there is none. */
export async function getInstance(context: IncusContext, ref: InstanceRef): Promise<IncusInstance> {
  const { path, query } = instancePath(context, ref);
  return settleReady(await context.client.get<IncusInstance>(path, { query }));
}

/** Of all projects, this install's or not. */
export async function listInstances({ client }: IncusContext): Promise<IncusInstance[]> {
  const query = { recursion: '1', 'all-projects': 'true' };
  return (await client.get<IncusInstance[]>('/1.0/instances', { query })).map(settleReady);
}
