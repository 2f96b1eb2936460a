import path from 'node:path';
import type { LogLevel, PlanSize, Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';
import { tryRedis } from './client.ts';
import { checkValue, LOCKED, normalized } from './parameters.ts';

/** Everything that Redis and Valkey have in common; they differ in names, versions and packages. */
export const redisFamily = {
  kind: 'cache',
  ports: { tls: 6380, plain: 6379 },
  username: 'default',
  defaultDatabase: null,
  guest: [path.join(import.meta.dirname, 'guest')],
  locked: [LOCKED],
  sizing,
  renderConfig,
  checkValue,
  tryConnection: tryRedis,
  uri: (connection) => connectionUri(connection.tls ? 'rediss' : 'redis', connection),
  logLevel,
  conditions: [
    [/\bBUSY /, 'busy'],
    [/\bLOADING /, 'starting'],
    [/max number of clients/, 'clients_exhausted'],
    [/\b(WRONGPASS|NOAUTH) /, 'password_changed'],
    [/\bMISCONF /, 'storage_full'],
    [/Connection refused/, 'port_closed'],
  ],
  // Its log is complete up to the last write: it loads the same after a crash as after any other end.
  recoveryLog: /(?!)/,
  refusalLog: /^(argument.*|Invalid .*)$/,
} satisfies Partial<Provider>;

/** MiB that the engine must not fill: an empty engine uses 13 to 17 (measured), the rest is for the system. */
const BASE_MB = 48;

const MIB = 1024 * 1024;

/**
 * A rewrite of the append-only file forks, and under heavy writes every page of data may then exist twice. So data gets
 * 45 % of the memory beyond the base, and twice that with allocation overhead fits into the plan without swap.
 *
 * Other memory is limited in proportion: client buffers in total, single values, and the number of clients (an idle one
 * with TLS takes 50 kB in Valkey 9.1 and 200 kB in Redis 7.0, which the engine does not count). Keys are evicted least
 * recently used first, as users of a cache expect; the engine's default would reject writes once the memory is full.
 */
function sizing({ memoryMb }: PlanSize): Record<string, string> {
  const maxmemory = Math.floor((memoryMb - BASE_MB) * 0.45) * MIB;
  return {
    maxmemory: String(maxmemory),
    'maxmemory-policy': 'allkeys-lru',
    'maxmemory-clients': String(Math.floor(maxmemory / 4)),
    'proto-max-bulk-len': String(Math.min(512 * MIB, Math.floor(maxmemory / 8))),
    maxclients: String(memoryMb),
  };
}

/** One directive per line. In double quotes, backslash and double quote are escaped; everything else is literal. */
function renderConfig(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} "${normalized(name, value).replaceAll(/[\\"]/g, '\\$&')}"\n`)
    .join('');
}

const LEVELS: Record<string, LogLevel> = { '.': 'debug', '-': 'debug', '*': 'info', '#': 'warn' };

/**
 * Lines look like `12:M 24 Nov 2026 18:44:44.545 * Ready`: the character before the text is the level. The engine's
 * highest level is "warning", even for fatal errors. Configuration errors and Danube's own lines have no level.
 */
function logLevel(line: string): LogLevel {
  const mark = /\b\d+:[A-Z] \d\d \w{3} \d{4} [\d:.]+ ([.\-*#]) /.exec(line)?.[1];
  if (mark !== undefined && mark !== '#') return LEVELS[mark]!;
  if (/\b(fatal|error|crashed|out of memory|no space left)\b/i.test(line)) return 'error';
  return mark === undefined ? 'info' : 'warn';
}
