import path from 'node:path';
import type { LogLevel, Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';
import { tryPostgresql } from './client.ts';
import { extensionsOf } from './extensions.ts';
import { checkValue, LOCKED, renderConfig } from './parameters.ts';
import { planLimits } from './plan-limits.ts';
import { sizing } from './sizing.ts';

/** Databases that every server has. */
const TAKEN = ['postgres', 'template0', 'template1'];

/** The server, and extensions that Debian has in packages of their own. `guest/prepare` removes what nobody may use. */
const packages = (version: string, ...more: string[]): readonly string[] =>
  ['', '-postgis-3', '-pgaudit', '-hypopg', ...more].map((part) => `postgresql-${version}${part}`);

export const postgresql: Provider = {
  id: 'postgresql',
  number: 1,
  name: 'PostgreSQL',
  kind: 'database',
  versions: [
    { version: '18', suite: 'forky', packages: packages('18', '-pgvector') },
    { version: '17', suite: 'trixie', packages: packages('17', '-pgvector') },
    { version: '15', suite: 'bookworm', packages: packages('15') },
  ],
  ports: { tls: 5432, plain: null },
  username: 'danube',
  defaultDatabase: 'postgres',
  guest: [path.join(import.meta.dirname, 'guest')],
  locked: LOCKED,
  sizing,
  renderConfig,
  checkValue,
  planLimits,
  extensionsOf,
  checkDatabaseName(name) {
    if (TAKEN.includes(name)) return `must not be one of: ${TAKEN.join(', ')}`;
    // NAMEDATALEN - 1; the engine truncates longer names.
    return Buffer.byteLength(name) > 63 ? 'must not be longer than 63 characters' : null;
  },
  tryConnection: tryPostgresql,
  uri: (connection) => connectionUri('postgresql', connection, '?sslmode=require'),
  logLevel,
  conditions: [
    [/in recovery/, 'recovering'],
    [/the database system is (starting up|not yet accepting connections)/, 'starting'],
    [/the database system is shutting down/, 'stopping'],
    [/too many clients already|remaining connection slots are reserved/, 'clients_exhausted'],
    [/too many connections for (role|database)/, 'account_limit'],
    [/(password|PAM) authentication failed/, 'password_changed'],
    [/is not permitted to log in|role ".*" does not exist|permission denied for database/, 'account_closed'],
    [/database ".*" does not exist|is not currently accepting connections/, 'account_closed'],
    [/No space left on device|Disk quota exceeded/, 'storage_full'],
    [/Connection refused/, 'port_closed'],
  ],
  refusalLog:
    /^.*(?:LOG|FATAL): {2}((?:invalid value for|unrecognized configuration|could not map anonymous|parameter "|.* is outside the valid range).*)$/,
  recoveryLog: /automatic recovery in progress|redo starts at|was not shut down, and recovers/,
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
