import path from 'node:path';
import type { LogLevel, Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';
import { checkValue, LOCKED, renderConfig } from './parameters.ts';
import { sizing } from './sizing.ts';

/** Databases that every server has. */
const TAKEN = ['postgres', 'template0', 'template1'];

export const postgresql: Provider = {
  id: 'postgresql',
  number: 1,
  name: 'PostgreSQL',
  kind: 'database',
  versions: [
    { version: '18', suite: 'forky', packages: ['postgresql-18'] },
    { version: '17', suite: 'trixie', packages: ['postgresql-17'] },
    { version: '15', suite: 'bookworm', packages: ['postgresql-15'] },
  ],
  ports: { tls: 5432, plain: null },
  username: 'danube',
  defaultDatabase: 'postgres',
  guest: [path.join(import.meta.dirname, 'guest')],
  locked: LOCKED,
  sizing,
  renderConfig,
  checkValue,
  checkDatabaseName(name) {
    if (TAKEN.includes(name)) return `must not be one of: ${TAKEN.join(', ')}`;
    // NAMEDATALEN - 1; the engine truncates longer names.
    return Buffer.byteLength(name) > 63 ? 'must not be longer than 63 characters' : null;
  },
  uri: (connection) => connectionUri('postgresql', connection, '?sslmode=require'),
  logLevel,
};

/** Severities of PostgreSQL. DETAIL, HINT, STATEMENT and the like explain the preceding line. */
const LEVELS: Readonly<Record<string, LogLevel>> = {
  DEBUG: 'debug',
  WARNING: 'warn',
  ERROR: 'error',
  FATAL: 'error',
  PANIC: 'error',
};

/** The severity is the first word in capitals before a colon and two spaces; continuation lines have none. */
function logLevel(line: string): LogLevel {
  const severity = /(?:^|\s)([A-Z]+)\d?: {2}/.exec(line)?.[1] ?? '';
  return LEVELS[severity] ?? 'info';
}
