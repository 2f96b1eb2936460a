type Settable =
  /** Checked against the engine's own list only. */
  | { kind: 'boolean' | 'enum' | 'size' }
  /** `max`: a stricter limit than the engine's own, which would allow values that break it. */
  | { kind: 'integer'; max?: number }
  /** `says`: the error message for a value that does not match the pattern. */
  | { kind: 'text'; pattern: RegExp; says: string };

const boolean: Settable = { kind: 'boolean' };
const integer: Settable = { kind: 'integer' };
const size: Settable = { kind: 'size' };
const choice: Settable = { kind: 'enum' };

const SIZE = '\\d+(?:b|kb?|mb?|gb?)?';

/**
 * The parameters that customers may set; all others are locked. An allow list, because most parameters of these engines
 * are files, addresses, programs and accounts, or concern durability, replication and limits of the plan, and because
 * later versions add parameters that no one has reviewed. Names that an engine or version lacks are harmless: only
 * parameters in the engine's own list can be set.
 */
const SETTABLE: Readonly<Record<string, Settable>> = {
  'maxmemory-policy': choice,
  'maxmemory-samples': integer,
  'maxmemory-eviction-tenacity': integer,
  'lfu-log-factor': integer,
  'lfu-decay-time': integer,
  'active-expire-effort': integer,
  'lazyfree-lazy-eviction': boolean,
  'lazyfree-lazy-expire': boolean,
  'lazyfree-lazy-server-del': boolean,
  'lazyfree-lazy-user-del': boolean,
  'lazyfree-lazy-user-flush': boolean,
  appendfsync: choice,
  // Each takes memory, even if unused.
  databases: { kind: 'integer', max: 1000 },
  timeout: integer,
  'tcp-keepalive': integer,
  'tracking-table-max-keys': integer,
  hz: { kind: 'integer', max: 500 },
  'dynamic-hz': boolean,
  activerehashing: boolean,
  'notify-keyspace-events': {
    kind: 'text',
    pattern: /^[AKEg$lshzxetdmn]*$/,
    says: 'must be made of the letters A, K, E, g, $, l, s, h, z, x, e, t, d, m and n',
  },
  'client-output-buffer-limit': {
    kind: 'text',
    pattern: new RegExp(`^(?:(?:^| )(?:normal|pubsub) ${SIZE} ${SIZE} \\d{1,9})+$`, 'i'),
    says: 'must be made of "normal" or "pubsub", each followed by hard limit, soft limit and seconds',
  },
  'slowlog-log-slower-than': integer,
  'slowlog-max-len': { kind: 'integer', max: 10_000 },
  'commandlog-execution-slower-than': integer,
  'commandlog-request-larger-than': integer,
  'commandlog-reply-larger-than': integer,
  'commandlog-slow-execution-max-len': { kind: 'integer', max: 10_000 },
  'commandlog-large-request-max-len': { kind: 'integer', max: 10_000 },
  'commandlog-large-reply-max-len': { kind: 'integer', max: 10_000 },
  'latency-monitor-threshold': integer,
  'latency-tracking': boolean,
  'latency-tracking-info-percentiles': {
    kind: 'text',
    pattern: /^(?:(?:^| )(?:100|\d{1,2}(?:\.\d{1,9})?))*$/,
    says: 'must be numbers from 0 to 100 with blanks between them',
  },
  'hash-max-listpack-entries': integer,
  'hash-max-listpack-value': size,
  'list-max-listpack-size': integer,
  'list-compress-depth': integer,
  'set-max-intset-entries': integer,
  'set-max-listpack-entries': integer,
  'set-max-listpack-value': integer,
  'zset-max-listpack-entries': integer,
  'zset-max-listpack-value': size,
  'hll-sparse-max-bytes': size,
  'stream-node-max-bytes': size,
  'stream-node-max-entries': integer,
};

const settable = new Map(Object.entries(SETTABLE));

/** Matches every name except those that customers may set. */
export const LOCKED = new RegExp(`^(?!(?:${[...settable.keys()].join('|')})$)`);

/**
 * `Provider.checkValue` of both engines: rejects values that the engines' lists of types and ranges allow, but the
 * engines reject.
 */
export function checkValue(name: string, value: string): string | null {
  const parameter = settable.get(name);
  switch (parameter?.kind) {
    case 'integer':
      if (!/^-?\d+$/.test(value)) return 'must be a whole number';
      return parameter.max !== undefined && Number(value) > parameter.max
        ? `must not be greater than ${parameter.max}`
        : null;
    case 'size':
      return new RegExp(`^${SIZE}$`, 'i').test(value) ? null : 'must be a size, like 512 or 64kb';
    case 'text':
      return parameter.pattern.test(value) ? null : parameter.says;
    default:
      return null;
  }
}

/** The engines only accept `yes` and `no`; the API also accepts `on`, `true` and `1`. */
export const normalized = (name: string, value: string): string => {
  if (settable.get(name)?.kind !== 'boolean') return value;
  return /^(?:yes|on|true|1)$/i.test(value) ? 'yes' : 'no';
};
