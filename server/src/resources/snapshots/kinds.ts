/** What snapshots are of, in the words of people and of the wire. The rest of them is one resource. */
export const KINDS = {
  vps: { noun: 'server', label: 'Vps', param: 'vpsSnapshot', member: 'vps_instance' },
  database: { noun: 'database', label: 'Database', param: 'databaseSnapshot', member: 'database_instance' },
  cache: { noun: 'cache', label: 'Cache', param: 'cacheSnapshot', member: 'cache_instance' },
} as const;

/** `resource_type` of the instance's operations, and first half of its scopes. */
export type Kind = keyof typeof KINDS;

/** `resource_type` of a snapshot's own operations (deletion, restore drill) and events. */
export const RESOURCE_TYPE = 'snapshot';
