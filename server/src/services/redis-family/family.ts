import path from 'node:path';
import type { LogLevel, PlanSize, Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';
import { checkValue, LOCKED, normalized } from './parameters.ts';

/** What Redis and Valkey have in common, which is all but their names, versions and packages. */
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
  uri: (connection) => connectionUri(connection.tls ? 'rediss' : 'redis', connection),
  logLevel,
} satisfies Partial<Provider>;

/**
 * Memory that is not the engine's to fill, MiB: an empty engine takes 13 to 17 (measured), the rest is for the system.
 */
const BASE_MB = 48;

const MIB = 1024 * 1024;

/**
 * A rewrite of the append-only file forks, and under heavy writes every page of the data may then be there twice: so
 * data gets 45 % of what the system leaves, and twice that with allocation overhead fits into the plan without swap.
 *
 * Memory outside of the data is bounded with it: buffers of clients together, a single value, and the number of clients
 * (an idle one with TLS takes 50 kB in Valkey 9.1 and 200 kB in Redis 7.0, which the engine does not count). Keys are
 * evicted least recently used first, because that is what a cache is for; the engine's default would refuse writes once
 * the memory is full.
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

/** A directive each line. In double quotes a backslash and a double quote are escaped; all else stands for itself. */
function renderConfig(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} "${normalized(name, value).replaceAll(/[\\"]/g, '\\$&')}"\n`)
    .join('');
}

const LEVELS: Record<string, LogLevel> = { '.': 'debug', '-': 'debug', '*': 'info', '#': 'warn' };

/**
 * Lines look like `12:M 24 Nov 2026 18:44:44.545 * Ready`: the mark before the text is the level. The engine's highest
 * is "warning", for fatal errors too. Without a mark come complaints about the configuration, and what Danube says
 * itself.
 */
function logLevel(line: string): LogLevel {
  const mark = /\b\d+:[A-Z] \d\d \w{3} \d{4} [\d:.]+ ([.\-*#]) /.exec(line)?.[1];
  if (mark !== undefined && mark !== '#') return LEVELS[mark]!;
  if (/\b(fatal|error|crashed|out of memory|no space left)\b/i.test(line)) return 'error';
  return mark === undefined ? 'info' : 'warn';
}
