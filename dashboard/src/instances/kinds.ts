import type { components } from '@danube/client/schema';
import { Boxes, Database as DatabaseIcon, type LucideIcon, Server } from 'lucide-react';
import { answerOf, api } from '../api/client.ts';
import { type KindText, kindTexts } from '../text/kinds.ts';

type Schemas = components['schemas'];
export type Vps = Schemas['Vps'];
export type Database = Schemas['Database'];
export type Cache = Schemas['Cache'];
export type Instance = Vps | Database | Cache;
export type KindName = 'vps' | 'database' | 'cache';
export type Operation = Schemas['Operation'];
export type Diagnosis = Schemas['Diagnosis'];
export type InstanceEvent = Schemas['InstanceEvent'];
export type Credentials = Schemas['DatabaseCredentials'] | Schemas['CacheCredentials'];
export type Action = 'start' | 'stop' | 'reboot' | 'forceStop';

/** A page of a list, as the API answers it. */
export interface Page<T> {
  data: readonly T[];
  pagination: Schemas['Pagination'];
}

interface Started {
  message: string;
}

/** What the dashboard has to know of a kind of instances. */
export interface Kind {
  name: KindName;
  /** Where its pages are. */
  path: '/vps' | '/databases' | '/caches';
  icon: LucideIcon;
  text: KindText;
  list: (query: { per_page: number; after?: string }) => Promise<Page<Instance>>;
  get: (id: string) => Promise<{ instance: Instance }>;
  act: Partial<Record<Action, (id: string) => Promise<Started>>>;
  remove: (id: string) => Promise<Started>;
  events: (id: string) => Promise<readonly InstanceEvent[]>;
  diagnose: (id: string) => Promise<Diagnosis>;
}

const vpsAt = (vpsInstance: string) => ({ params: { path: { vpsInstance } } });
const databaseAt = (databaseInstance: string) => ({ params: { path: { databaseInstance } } });
const cacheAt = (cacheInstance: string) => ({ params: { path: { cacheInstance } } });

export const vpsKind: Kind = {
  name: 'vps',
  path: '/vps',
  icon: Server,
  text: kindTexts.vps,
  list: (query) => answerOf(api.GET('/vps', { params: { query } })),
  get: (id) => answerOf(api.GET('/vps/{vpsInstance}', vpsAt(id))),
  act: {
    start: (id) => answerOf(api.POST('/vps/{vpsInstance}/start', vpsAt(id))),
    stop: (id) => answerOf(api.POST('/vps/{vpsInstance}/stop', vpsAt(id))),
    reboot: (id) => answerOf(api.POST('/vps/{vpsInstance}/reboot', vpsAt(id))),
  },
  remove: (id) => answerOf(api.DELETE('/vps/{vpsInstance}', vpsAt(id))),
  events: async (id) => (await answerOf(api.GET('/vps/{vpsInstance}/events', vpsAt(id)))).data.events,
  diagnose: async (id) => (await answerOf(api.GET('/vps/{vpsInstance}/diagnose', vpsAt(id)))).data,
};

export const databaseKind: Kind = {
  name: 'database',
  path: '/databases',
  icon: DatabaseIcon,
  text: kindTexts.database,
  list: (query) => answerOf(api.GET('/database', { params: { query } })),
  get: (id) => answerOf(api.GET('/database/{databaseInstance}', databaseAt(id))),
  act: {
    start: (id) => answerOf(api.POST('/database/{databaseInstance}/start', databaseAt(id))),
    stop: (id) => answerOf(api.POST('/database/{databaseInstance}/stop', databaseAt(id))),
    forceStop: (id) => answerOf(api.POST('/database/{databaseInstance}/force-stop', databaseAt(id))),
  },
  remove: (id) => answerOf(api.DELETE('/database/{databaseInstance}', databaseAt(id))),
  events: async (id) =>
    (await answerOf(api.GET('/database/{databaseInstance}/events', databaseAt(id)))).data.events,
  diagnose: async (id) =>
    (await answerOf(api.GET('/database/{databaseInstance}/diagnose', databaseAt(id)))).data,
};

export const cacheKind: Kind = {
  name: 'cache',
  path: '/caches',
  icon: Boxes,
  text: kindTexts.cache,
  list: (query) => answerOf(api.GET('/cache', { params: { query } })),
  get: (id) => answerOf(api.GET('/cache/{cacheInstance}', cacheAt(id))),
  act: {
    start: (id) => answerOf(api.POST('/cache/{cacheInstance}/start', cacheAt(id))),
    stop: (id) => answerOf(api.POST('/cache/{cacheInstance}/stop', cacheAt(id))),
    forceStop: (id) => answerOf(api.POST('/cache/{cacheInstance}/force-stop', cacheAt(id))),
  },
  remove: (id) => answerOf(api.DELETE('/cache/{cacheInstance}', cacheAt(id))),
  events: async (id) => (await answerOf(api.GET('/cache/{cacheInstance}/events', cacheAt(id)))).data.events,
  diagnose: async (id) => (await answerOf(api.GET('/cache/{cacheInstance}/diagnose', cacheAt(id)))).data,
};

export const KINDS: readonly Kind[] = [vpsKind, databaseKind, cacheKind];

export const kindOf = (name: string): Kind | undefined => KINDS.find((kind) => kind.name === name);

/** Whether work is under way, so that what is shown will soon be another. */
export const isAtWork = ({ status_details }: Instance): boolean => !status_details.operation.terminal;

/** "2 vCPU · 4 GB · 40 GB": what the instance has of the host. */
export function sizeOf(instance: Instance): string {
  const memory = 'memory_size_gb' in instance ? instance.memory_size_gb : instance.memory_size_mb / 1024;
  const disk = 'storage_size_gb' in instance ? ` · ${instance.storage_size_gb} GB` : '';
  return `${instance.cpu_cores} vCPU · ${Number(memory.toFixed(2))} GB${disk}`;
}
