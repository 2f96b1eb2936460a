/** Databases and caches, and where they differ. Everything else is the same for both. */
export const KINDS = {
  database: { noun: 'database', label: 'Database', path: '/database', param: 'databaseInstance' },
  cache: { noun: 'cache', label: 'Cache', path: '/cache', param: 'cacheInstance' },
} as const;

/** Name of the kind of instance. */
export type Kind = keyof typeof KINDS;
