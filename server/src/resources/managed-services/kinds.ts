/** Databases and caches are the same to Danube; this is where they differ. */
export const KINDS = {
  database: { noun: 'database', label: 'Database', path: '/database', param: 'databaseInstance' },
  cache: { noun: 'cache', label: 'Cache', path: '/cache', param: 'cacheInstance' },
} as const;

/** Name of the kind of instance. */
export type Kind = keyof typeof KINDS;
