import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query';
import { type Instance, isAtWork, type Kind } from '../instances/kinds.ts';
import { answerOf, api } from './client.ts';
import { connectionNow } from './live.ts';
import { wholeList } from './whole-list.ts';

/** How often something is read that is at work, in milliseconds, where the stream cannot tell. */
const AT_WORK_MS = 1500;
/** The same while the stream is open, which tells all but what happened while the page was being loaded. */
const AT_WORK_OPEN_MS = 10_000;

const atWorkInterval = (): number => (connectionNow() === 'open' ? AT_WORK_OPEN_MS : AT_WORK_MS);
/** Most instances of a list. */
export const LIST_LIMIT = 1000;
const PAGE_SIZE = 100;

/*
 * The first member of a key is the type of resource, as events name it, so that an event tells what to read anew.
 */

export const teamsQuery = queryOptions({
  queryKey: ['team', 'all'],
  queryFn: () => answerOf(api.GET('/user/teams')),
});

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: () => answerOf(api.GET('/health')),
});

interface InstanceList {
  items: readonly Instance[];
  total: number;
  /** Whether all have been read that it will hold. */
  isWhole: boolean;
}

/**
 * All instances of a kind, the newest first, so that a list can be filtered and sorted by anything. The first time, what has been
 * read of it so far is there until all is.
 */
export const instancesQuery = (kind: Kind) =>
  queryOptions({
    queryKey: [kind.name, 'list'],
    queryFn: ({ client }) => readAll(kind, client),
    refetchInterval: ({ state }) => (state.data?.items.some(isAtWork) ? atWorkInterval() : false),
  });

async function readAll(kind: Kind, client: QueryClient): Promise<InstanceList> {
  const key = [kind.name, 'list'];
  const isFirst = client.getQueryData(key) === undefined;
  const items: Instance[] = [];
  let after: string | undefined;
  for (;;) {
    const { data, pagination } = await kind.list({ per_page: PAGE_SIZE, ...(after ? { after } : {}) });
    items.push(...data);
    after = pagination.next_cursor ?? undefined;
    const total = Math.max(pagination.total, items.length);
    if (data.length < PAGE_SIZE || !after || items.length >= LIST_LIMIT) {
      return { items, total, isWhole: true };
    }
    // One page fills more than a screen: what comes next is not worth a new picture each time.
    if (isFirst && items.length === PAGE_SIZE) {
      client.setQueryData<InstanceList>(key, { items: [...items], total, isWhole: false });
    }
  }
}

export const instanceQuery = (kind: Kind, id: string) =>
  queryOptions({
    queryKey: [kind.name, id],
    queryFn: () => kind.get(id),
    refetchInterval: ({ state }) => (state.data && isAtWork(state.data.instance) ? atWorkInterval() : false),
  });

export const diagnosisQuery = (kind: Kind, id: string) =>
  queryOptions({ queryKey: [kind.name, id, 'diagnosis'], queryFn: () => kind.diagnose(id) });

export const instanceEventsQuery = (kind: Kind, id: string) =>
  queryOptions({ queryKey: [kind.name, id, 'events'], queryFn: () => kind.events(id) });

export interface OperationFilter {
  page?: number | undefined;
  per_page?: number | undefined;
  sort?: 'created_at' | '-created_at' | undefined;
  status?: 'queued' | 'running' | 'succeeded' | 'failed' | undefined;
  resource_type?: string | undefined;
  resource_id?: string | undefined;
}

export const operationsQuery = (query: OperationFilter) =>
  queryOptions({
    queryKey: ['operations', query],
    queryFn: () => answerOf(api.GET('/operations', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.data.some(({ terminal }) => !terminal) ? atWorkInterval() : false,
  });

export interface EventFilter {
  /** The place in the log that the list goes on from, to what is older. */
  before?: string | undefined;
  resource_type?: string | undefined;
  resource_id?: string | undefined;
}

/** How many events a list shows. */
const EVENTS_SHOWN = 100;
/** The newest events, the newest first; or those before one. */
export const eventsQuery = (filter: EventFilter) =>
  queryOptions({
    queryKey: ['events', filter],
    queryFn: () =>
      answerOf(api.GET('/events', { params: { query: { ...filter, order: 'desc', limit: EVENTS_SHOWN } } })),
    placeholderData: keepPreviousData,
  });

export const sshKeysQuery = queryOptions({
  queryKey: ['ssh-key', 'list'],
  queryFn: () => wholeList((query) => api.GET('/ssh-keys', { params: { query } })),
});

export const firewallsQuery = queryOptions({
  queryKey: ['firewall', 'list'],
  queryFn: () => wholeList((query) => api.GET('/firewalls', { params: { query } })),
  refetchInterval: ({ state }) =>
    state.data?.some(({ status }) => status === 'applying') ? AT_WORK_MS : false,
});

export const firewallQuery = (id: string) =>
  queryOptions({
    queryKey: ['firewall', id],
    queryFn: async () =>
      (await answerOf(api.GET('/firewalls/{firewall}', { params: { path: { firewall: id } } }))).firewall,
    refetchInterval: ({ state }) => (state.data?.status === 'applying' ? AT_WORK_MS : false),
  });
