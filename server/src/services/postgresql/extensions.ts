import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What PostgreSQL itself marks as trusted for owners of databases. */
const TRUSTED = [
  ...['btree_gin', 'btree_gist', 'citext', 'cube', 'dict_int', 'fuzzystrmatch', 'hstore', 'intarray', 'isn'],
  ...['lo', 'ltree', 'pg_trgm', 'pgcrypto', 'plpgsql', 'seg', 'tablefunc', 'tcn', 'tsm_system_rows'],
  ...['tsm_system_time', 'unaccent', 'uuid-ossp'],
];

/** Those that Danube adds, which the image keeps by the same file. */
const ADDED = readFileSync(path.join(import.meta.dirname, 'guest/extensions'), 'utf8')
  .trim()
  .split('\n');

/** The extensions that customers can create in this version. Debian 12 has no package of `vector`. */
export const extensionsOf = (version: string): readonly string[] =>
  [...TRUSTED, ...ADDED].filter((name) => version !== '15' || name !== 'vector').sort();
