import type { EngineParameter, LogLevel } from '../provider.ts';

/** The engines read option files in lines of 4096 bytes, and take the rest of a longer line for another line. */
const MAX_LINE_BYTES = 4000;

/**
 * An option file for mysqld. Values are quoted, so that spaces, `#` and quotes in them are preserved. Throws for a name
 * or value that cannot be written; {@link checkOption} rejects such values earlier.
 */
export function renderOptionFile(parameters: Readonly<Record<string, string>>): string {
  const lines = Object.entries(parameters).map(([name, value]) => {
    const line = `${name} = "${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    if (
      !/^[a-z][a-z0-9_]*$/i.test(name) ||
      /[\r\n\0]/.test(value) ||
      Buffer.byteLength(line) > MAX_LINE_BYTES
    ) {
      throw new Error(`The parameter ${name} cannot be written into an option file.`);
    }
    return line;
  });
  return ['[mysqld]', ...lines, ''].join('\n');
}

/** Parameters for a number of bytes: a whole number, optionally with a unit (a power of 1024). */
const SIZE = /^(?!performance_schema_).*_(size|capacity|packet|ram|limit)$/;

/** `Provider.checkValue` of both engines. */
export function checkOption(name: string, value: string, parameter?: EngineParameter): string | null {
  if (name === 'default_time_zone') return checkTimeZone(value, parameter?.values ?? []);
  if (Buffer.byteLength(value) > 1000) return 'must have at most 1000 bytes';
  if (SIZE.test(name) && !/^-?\d+[KMG]?$/i.test(value)) {
    return 'must be a whole number, which may end in K, M or G';
  }
  return null;
}

/** From UTC, as the engines accept it: up to 13:59 west of it, and 14:00 east. */
const OFFSET = /^(\+14:00|[+-](0?\d|1[0-3]):[0-5]\d)$/;

const checkTimeZone = (value: string, names: readonly string[]): string | null =>
  OFFSET.test(value) || ['SYSTEM', ...names].some((name) => name.toLowerCase() === value.toLowerCase())
    ? null
    : 'must be the name of a time zone or an offset from UTC, for example "Europe/Berlin" or "+02:00"';

/** `Provider.logLevel` of both engines: `… 0 [Warning] [MY-010068] [Server] …` and `… 0 [Warning] …`. */
export function optionLogLevel(line: string): LogLevel {
  if (/\[ERROR\]|^ERROR\b|: ERROR\b/.test(line)) return 'error';
  if (/\[Warning\]/i.test(line)) return 'warn';
  return 'info';
}

/** Parameters that customers cannot set in either engine, see `Provider.locked`. */
export const LOCKED: readonly (string | RegExp)[] = [
  // Files and folders.
  /(^|_)(file|filename|path|dir|dirs|directory|directories|datadir|basedir|tmpdir|chroot|socket|capath|crlpath)$/,
  /^(log_bin|log_error|log_tc|log_basename|relay_log|general_log_|slow_query_log_|aria_log_|innodb_log_(group|file_b))/,
  // Programs, libraries, and what runs with the platform's privileges.
  /plugin|udf|component|keyring|encryption|_now$|^init_|^wsrep|^ndb|^feedback|^debug|^gdb$|^core|^stack_trace$/,
  // Other hosts: replication, and redirection of clients.
  /^(binlog|gtid|enforce_gtid|group_replication|replica|replicate|replication|rpl|slave|master|source|relay)/,
  /^(report|server_|sync_|encrypt)/,
  /^(max_(binlog|relay)|log_(slave|replica)|redirect_url|read_binlog|skip_|log_slow_(slave|replica))/,
  // Who may connect, how, and as whom.
  /^(port|extra_|bind_address|admin_|create_admin|mysqlx|proxy_protocol|require_secure|secure_|ssl|tls|unix_socket)/,
  /^(auto_generate|caching_sha2|sha256|authentication_|mandatory_roles|activate_mandatory|partial_revokes|persist)/,
  /^(old_passwords|safe_user_create|check_proxy_users|validate_|protocol_version|offline_mode|thread_handling)/,
  // Durability, and parameters fixed when the data folder is created.
  /^innodb_(flush_(log|method)|doublewrite|force_|read_only|page_size|data_|undo_|temp_|checksum|log_checksums)/,
  /^innodb_(fast_shutdown|redo_log_encrypt|use_(fdatasync|atomic|native)|status_file|fsync|ft_(aux|server|user))/,
  /^innodb_(encrypt|corrupt)/,
  /^(sync_binlog|tc_heuristic|read_only|super_read_only|transaction_read_only|tx_read_only|lower_case|flush$)/,
  /^(ignore_builtin_innodb|innodb_linux_aio|innodb_log_file_mmap|aria_block_size|myisam_recover|date)/,
  /^(delay_key|time_format|large_files|system_time)/,
  /^(disabled_storage_engines|default_(storage|tmp_storage)_engine|enforce_storage_engine|aria_(encrypt|recover))/,
  // Destination of logs, memory that follows the plan, and the process itself.
  /^(log_output|log_raw|log_isam|log_timestamps|innodb_dedicated_server|container_aware|server_memory|user$|memlock)/,
  /^(large_pages|super_large_pages|open_files_limit|external_locking|symbolic_links|allow_suspicious|upgrade$|help$)/,
  /^(version|have_|innodb_version|license|locked_in_memory|thread_stack$|daemonize|console|initialize|verbose)/,
];

const MIB = 1024 * 1024;

/** A number of MiB in bytes, as text. */
export const mebibytes = (count: number): string => String(Math.round(count) * MIB);
