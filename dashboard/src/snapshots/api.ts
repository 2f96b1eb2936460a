import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { type Creation, creationOf } from '../api/creation.ts';
import { wholeList } from '../api/whole-list.ts';
import { KINDS, type Kind, type KindName } from '../instances/kinds.ts';

/** A snapshot of whatever kind. */
export interface Snapshot {
  kind: KindName;
  id: number;
  name: string;
  description: string | null;
  status: string;
  bytes: number;
  reason: string;
  instance: { id: string; name: string } | null;
  verification: { ok: boolean; seconds_to_restore: number | null; message: string | null } | null;
  last_verified_at: string | null;
  error: { message: string } | null;
  created_at: string;
}

async function readVps(instanceId?: string): Promise<Snapshot[]> {
  const of = instanceId ? { vps_instance_id: instanceId } : {};
  const data = await wholeList((query) =>
    api.GET('/snapshots/vps', { params: { query: { ...query, ...of } } }),
  );
  return data.map((one) => ({ ...one, kind: 'vps', bytes: one.size_bytes, instance: one.vps_instance }));
}

async function readDatabase(instanceId?: string): Promise<Snapshot[]> {
  const of = instanceId ? { database_instance_id: instanceId } : {};
  const data = await wholeList((query) =>
    api.GET('/snapshots/database', { params: { query: { ...query, ...of } } }),
  );
  return data.map((one) => ({
    ...one,
    kind: 'database',
    bytes: one.size_bytes,
    instance: one.database_instance,
  }));
}

async function readCache(instanceId?: string): Promise<Snapshot[]> {
  const of = instanceId ? { cache_instance_id: instanceId } : {};
  const data = await wholeList((query) =>
    api.GET('/snapshots/cache', { params: { query: { ...query, ...of } } }),
  );
  return data.map((one) => ({ ...one, kind: 'cache', bytes: one.size_bytes, instance: one.cache_instance }));
}

const READERS: Record<KindName, (instanceId?: string) => Promise<Snapshot[]>> = {
  vps: readVps,
  database: readDatabase,
  cache: readCache,
};

const BUSY = ['creating', 'restoring', 'destroying'];
/** How often a list is read in which a snapshot is at work, in milliseconds. */
const AT_WORK_MS = 2000;

/** Snapshots of one instance, or of all; the newest first. */
export const snapshotsQuery = (of?: { kind: Kind; id: string }) =>
  queryOptions({
    queryKey: ['snapshot', of ? `of ${of.kind.name} ${of.id}` : 'list'],
    async queryFn() {
      if (of) return READERS[of.kind.name](of.id);
      const all = await Promise.all(KINDS.map(({ name }) => READERS[name]()));
      return all.flat().toSorted((a, b) => b.created_at.localeCompare(a.created_at));
    },
    refetchInterval: ({ state }) =>
      state.data?.some(({ status }) => BUSY.includes(status)) ? AT_WORK_MS : false,
  });

type Started = Promise<{ message: string }>;

/** Takes a snapshot of an instance. */
export function takingOf(
  kind: KindName,
  instanceId: string,
  body: { name: string; description?: string },
): Creation<{ message: string }> {
  if (kind === 'vps') return creationOf('/snapshots/vps', { ...body, vps_instance_id: instanceId });
  if (kind === 'database') {
    return creationOf('/snapshots/database', { ...body, database_instance_id: instanceId });
  }
  return creationOf('/snapshots/cache', { ...body, cache_instance_id: instanceId });
}

/** Makes a new instance of a snapshot; of one of a server the API makes none. */
export const cloningOf = ({ kind, id }: Snapshot, name: string): Creation<{ message: string }> =>
  kind === 'database'
    ? creationOf(
        '/snapshots/database/{databaseSnapshot}/clone',
        { name },
        { parameters: { databaseSnapshot: id } },
      )
    : creationOf('/snapshots/cache/{cacheSnapshot}/clone', { name }, { parameters: { cacheSnapshot: id } });

/** What can be done with a snapshot that is there. */
export const snapshotActions = {
  restore({ kind, id }: Snapshot): Started {
    if (kind === 'vps')
      return answerOf(
        api.POST('/snapshots/vps/{vpsSnapshot}/restore', { params: { path: { vpsSnapshot: id } } }),
      );
    if (kind === 'database')
      return answerOf(
        api.POST('/snapshots/database/{databaseSnapshot}/restore', {
          params: { path: { databaseSnapshot: id } },
        }),
      );
    return answerOf(
      api.POST('/snapshots/cache/{cacheSnapshot}/restore', { params: { path: { cacheSnapshot: id } } }),
    );
  },
  verify({ kind, id }: Snapshot): Started {
    if (kind === 'vps')
      return answerOf(
        api.POST('/snapshots/vps/{vpsSnapshot}/verify', { params: { path: { vpsSnapshot: id } } }),
      );
    if (kind === 'database')
      return answerOf(
        api.POST('/snapshots/database/{databaseSnapshot}/verify', {
          params: { path: { databaseSnapshot: id } },
        }),
      );
    return answerOf(
      api.POST('/snapshots/cache/{cacheSnapshot}/verify', { params: { path: { cacheSnapshot: id } } }),
    );
  },
  remove({ kind, id }: Snapshot): Started {
    if (kind === 'vps')
      return answerOf(api.DELETE('/snapshots/vps/{vpsSnapshot}', { params: { path: { vpsSnapshot: id } } }));
    if (kind === 'database')
      return answerOf(
        api.DELETE('/snapshots/database/{databaseSnapshot}', { params: { path: { databaseSnapshot: id } } }),
      );
    return answerOf(
      api.DELETE('/snapshots/cache/{cacheSnapshot}', { params: { path: { cacheSnapshot: id } } }),
    );
  },
};
