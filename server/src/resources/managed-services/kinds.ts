/** Databases and caches are the same to Danube; this is where they differ. */
export const KINDS = {
  database: { noun: 'database', label: 'Database', path: '/database', param: 'databaseInstance' },
  cache: { noun: 'cache', label: 'Cache', path: '/cache', param: 'cacheInstance' },
} as const;

/** `resource_type` of their operations and events, kind of their quota and plans, first half of their scopes. */
export type Kind = keyof typeof KINDS;
