import type { EngineParameter } from '../provider.ts';

/** Parameters that Danube sets; `guest/postgresql.conf` has their values where they are not the engine's defaults. */
export const LOCKED: readonly (string | RegExp)[] = [
  // Files, programs and libraries.
  /_(command|file|keyfile|library|libraries)$/,
  ...[
    'data_directory',
    'dynamic_library_path',
    'extension_control_path',
    'extension_destdir',
    'jit_provider',
  ],
  // Access: how clients connect and authenticate.
  ...[/^ssl/, /^unix_socket_/, /^bonjour/, /^krb_/, /^gss_/, /^oauth_/],
  ...[
    'listen_addresses',
    'port',
    'db_user_namespace',
    'password_encryption',
    'scram_iterations',
    'client_encoding',
  ],
  ...['superuser_reserved_connections', 'reserved_connections', 'allow_alter_system'],
  // Destination and format of the log.
  ...[/^syslog_/, /^log_(destination|directory|filename|file_mode|line_prefix|rotation_.*|truncate_.*)$/],
  ...['logging_collector', 'event_source', /^lc_/],
  // Durability, and automatic restart after a crash.
  ...[
    'fsync',
    'full_page_writes',
    'wal_sync_method',
    'data_sync_retry',
    'restart_after_crash',
    'exit_on_error',
  ],
  // There is no second server: each of these would wait for one, or prevent the start.
  ...[/^archive_/, /^recovery_/, /^primary_/, /^hot_standby/, /^wal_receiver_/],
  ...['synchronous_standby_names', 'synchronized_standby_slots', 'sync_replication_slots'],
  ...['wal_level', 'max_wal_senders', 'max_replication_slots'],
  // Memory that the instance's limit does not count, or that the host may refuse.
  ...[/^huge_page/, 'shared_memory_type', 'dynamic_shared_memory_type', 'io_method', 'max_stack_depth'],
  // Switch off data checks for everyone.
  ...['session_replication_role', 'event_triggers'],
  // Cannot be set in a configuration file.
  /^transaction_(isolation|read_only|deferrable)$/,
  /^log_(parser|planner|executor|statement)_stats$/,
];

const SIZES: Readonly<Record<string, number>> = { B: 1, kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };

/** Factors to the first unit of each family (PostgreSQL 18, 19.1.1). Units are case-sensitive. */
const FAMILIES: readonly Readonly<Record<string, number>>[] = [
  SIZES,
  { us: 1, ms: 1e3, s: 1e6, min: 6e7, h: 3.6e9, d: 8.64e10 },
];

const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z]*)$/i;

/** Formats of lists and names without which the engine does not start. */
const FORMATS: Readonly<Record<string, [RegExp, string]>> = {
  DateStyle: [
    /^(iso|sql|postgres|german)(\s*,\s*(dmy|mdy|ymd))?$|^(dmy|mdy|ymd)$/i,
    'must be a style and an order of day, month and year, for example "ISO, DMY"',
  ],
  createrole_self_grant: [
    /^((set|inherit)(\s*,\s*(set|inherit))?)?$/i,
    'must be made of "set" and "inherit"',
  ],
  restrict_nonsystem_relation_kind: [
    /^((view|foreign-table)(\s*,\s*(view|foreign-table))?)?$/i,
    'must be made of "view" and "foreign-table"',
  ],
  timezone_abbreviations: [/^(Default|Australia|India)$/, 'must be one of: Default, Australia, India'],
};

/** Lowest values with which a server starts, higher than those it lists, in the parameter's own unit. */
const LEAST: Readonly<Record<string, number>> = { max_connections: 10, min_wal_size: 32, max_wal_size: 32 };

/** Why PostgreSQL would reject the value, as the end of a sentence; null where it would accept it. */
export function checkValue(name: string, value: string, parameter: EngineParameter): string | null {
  if (parameter.type === 'integer' || parameter.type === 'number') return checkNumber(value, parameter);
  const [format, fault] = FORMATS[name] ?? [];
  if (format && fault && !format.test(value)) return fault;
  if (/^(timezone|log_timezone)$/i.test(name)) return checkTimezone(value, parameter);
  return null;
}

function checkNumber(value: string, parameter: EngineParameter): string | null {
  const [, digits, given = ''] = NUMBER.exec(value) ?? [];
  if (digits === undefined) return null;
  const number = given === '' ? Number(digits) : convert(Number(digits), given, parameter.unit);
  if (number === null) return unitFault(parameter.unit);
  const { name, min, max, unit, type } = parameter;
  const [least, written] = [
    Math.max(LEAST[name] ?? -Infinity, min ?? -Infinity),
    unit === null ? '' : ` × ${unit}`,
  ];
  const rounded = type === 'integer' ? Math.round(number) : number;
  if (rounded < least) return `must be at least ${least}${written}`;
  if (max !== null && rounded > max) return `must not be greater than ${max}${written}`;
  if (
    /^((sub)?transaction|multixact_\w+|notify|serializable|commit_timestamp)_buffers$/.test(name) &&
    rounded % 16 !== 0
  ) {
    return `must be a multiple of 16${written}`;
  }
  if (name === 'vacuum_buffer_usage_limit' && rounded > 0 && rounded < 128)
    return 'must be 0, or at least 128kB';
  return null;
}

/** A number with the unit `given`, in the parameter's unit (`8kB`, `ms`, …); null where the units do not match. */
function convert(number: number, given: string, unit: string | null): number | null {
  const [, count, base] = /^(\d*)(\D+)$/.exec(unit ?? '') ?? [];
  const family = FAMILIES.find((units) => base !== undefined && base in units);
  if (!family || base === undefined || !Object.hasOwn(family, given)) return null;
  return (number * family[given]!) / (family[base]! * Number(count || 1));
}

/** A value with or without unit as bytes, or as a count where the parameter has no unit; null where it is no number. */
export function inBytesOrCount(value: string, unit: string | null): number | null {
  const [, digits, given = ''] = NUMBER.exec(value) ?? [];
  if (digits === undefined) return null;
  const number = Number(digits);
  // Negative numbers stand for a choice of the engine.
  if (number < 0) return null;
  if (given !== '') return given in SIZES ? number * SIZES[given]! : null;
  const [, count, base = ''] = /^(\d*)(\D+)$/.exec(unit ?? '') ?? [];
  return number * Number(count || 1) * (SIZES[base] ?? 1);
}

function unitFault(unit: string | null): string {
  const family = FAMILIES.find((units) => unit !== null && unit.replace(/^\d+/, '') in units);
  return family
    ? `must have one of the units ${Object.keys(family).join(', ')}`
    : 'must be a number without a unit';
}

/**
 * Only names: of an offset like `+02:00`, PostgreSQL takes the sign the other way round (POSIX). Images that are older
 * than their list of names have those that Node.js knows.
 */
function checkTimezone(value: string, { values }: EngineParameter): string | null {
  const fault = 'must be the name of a time zone, for example "Europe/Berlin"';
  if (values) return values.some((name) => name.toLowerCase() === value.toLowerCase()) ? null : fault;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return /^[+-]/.test(value) ? fault : null;
  } catch {
    return fault;
  }
}

/** `postgresql.conf`: a line for each parameter. */
export const renderConfig = (parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'\n`)
    .join('');
