import type { InstanceRef, SnapshotRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import type { IncusInstance } from './instance-config.ts';
import { projectName } from './names.ts';

/** The REST path of an instance. A server's snapshot is an instance too, one that never starts. */
export function instancePath(
  { installId }: Pick<IncusContext, 'installId'>,
  ref: InstanceRef | SnapshotRef,
): { path: string; query: { project: string } } {
  return {
    path: `/1.0/instances/${encodeURIComponent(ref.name)}`,
    query: { project: projectName(installId, ref.teamId) },
  };
}

/** Incus reports `Ready` for a running guest that says so itself; here it counts as running. */
const settleReady = (instance: IncusInstance): IncusInstance =>
  instance.status === 'Ready' ? { ...instance, status: 'Running' } : instance;

/** Null where the instance does not exist. */
export async function findInstance(
  context: IncusContext,
  ref: InstanceRef | SnapshotRef,
): Promise<IncusInstance | null> {
  const { path, query } = instancePath(context, ref);
  const found = await context.client.find<IncusInstance>(path, { query });
  return found && settleReady(found);
}

/** Throws `not_found` where the instance does not exist. */
export async function getInstance(context: IncusContext, ref: InstanceRef): Promise<IncusInstance> {
  const { path, query } = instancePath(context, ref);
  return settleReady(await context.client.get<IncusInstance>(path, { query }));
}

/** Instances of all projects, including those of other installs. */
export async function listInstances({ client }: IncusContext): Promise<IncusInstance[]> {
  const query = { recursion: '1', 'all-projects': 'true' };
  return (await client.get<IncusInstance[]>('/1.0/instances', { query })).map(settleReady);
}
