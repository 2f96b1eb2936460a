import type { InstanceRef, SnapshotRef } from '../contract/refs.ts';
import type { IncusClient } from './client.ts';
import type { IncusContext } from './context.ts';
import { IncusError } from './errors.ts';
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

interface Operation {
  /** A `task` ends by itself; a `websocket` is somebody's console or shell session. */
  class: 'task' | 'websocket' | 'token';
  resources: { instances?: string[] } | null;
}

/** Whether Incus carries out a request that concerns the instance, whoever sent it; also where the sender has died. */
export async function isAtWork(context: IncusContext, ref: InstanceRef): Promise<boolean> {
  const query = { ...instancePath(context, ref).query, recursion: '1' };
  const operations = await context.client.get<Partial<Record<string, Operation[]>>>('/1.0/operations', {
    query,
  });
  const path = `/1.0/instances/${ref.name}`;
  return (operations.running ?? []).some(
    ({ class: kind, resources }) =>
      kind === 'task' && resources?.instances?.some((resource) => resource.split('?')[0] === path),
  );
}

/**
 * Of these instances, the stopped ones that Incus is about to start: when it starts itself, it starts the instances that
 * ran before, one after the other, and answers requests meanwhile.
 */
export async function findDueToStart(
  { client }: Pick<IncusContext, 'client'>,
  instances: readonly IncusInstance[],
): Promise<Set<IncusInstance>> {
  const due = instances.filter(
    ({ status, config }) =>
      status === 'Stopped' &&
      config['volatile.last_state.power'] === 'RUNNING' &&
      config['boot.autostart'] !== 'false',
  );
  return new Set(due.length === 0 || (await hasStarted(client)) ? [] : due);
}

/** Whether Incus has started its instances. */
async function hasStarted(client: IncusClient): Promise<boolean> {
  try {
    await client.get('/internal/ready');
    return true;
  } catch (error) {
    if (error instanceof IncusError && error.status === 503) return false;
    throw error;
  }
}

/** Instances of all projects, including those of other installs. */
export async function listInstances({ client }: IncusContext): Promise<IncusInstance[]> {
  const query = { recursion: '1', 'all-projects': 'true' };
  return (await client.get<IncusInstance[]>('/1.0/instances', { query })).map(settleReady);
}
