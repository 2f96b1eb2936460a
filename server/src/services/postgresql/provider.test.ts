import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EngineParameter } from '../provider.ts';
import { postgresql } from './provider.ts';

const PLANS = [
  { vcpu: 1, memoryMb: 1024, diskGb: 10 },
  { vcpu: 1, memoryMb: 2048, diskGb: 20 },
  { vcpu: 2, memoryMb: 4096, diskGb: 50 },
  { vcpu: 4, memoryMb: 8192, diskGb: 100 },
];

/** Parses the file as PostgreSQL does: guc-file.l for the tokens, DeescapeQuotedString for quoted text. */
function parse(file: string): Record<string, string> {
  const lines = file.split('\n').slice(0, -1);
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, quoted] = /^([A-Za-z_][\w.$]*) = '((?:[^'\\\n]|\\.|'')*)'$/u.exec(line) ?? [];
      assert.ok(name && quoted !== undefined, line);
      return [name, quoted.replace(/\\(.)|''/gu, (_, escaped) => escaped ?? "'")];
    }),
  );
}

const parameter = (changes: Partial<EngineParameter>): EngineParameter => ({
  name: 'work_mem',
  type: 'integer',
  default: null,
  min: null,
  max: null,
  values: null,
  unit: null,
  static: false,
  ...changes,
});

test('any text without line breaks survives the configuration file unchanged', () => {
  const name = fc.stringMatching(/^[a-z_]{1,20}(\.[a-z_]{1,10})?$/);
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom("'", '\\', '#', '=', ' ', 'n', '0', '"', '$') }),
  );
  const valid = value.filter((text) => !/[\n\r\0\u2028\u2029]/.test(text));
  fc.assert(
    fc.property(fc.dictionary(name, valid, { noNullPrototype: true }), (parameters) => {
      assert.deepEqual(parse(postgresql.renderConfig(parameters)), parameters);
    }),
  );
});

test('libpq accepts the URI, whatever the password', () => {
  const connection = { host: '10.64.0.5', port: 5432, username: 'danube', password: `p@s/s:w'?#`, tls: true };
  assert.equal(
    postgresql.uri({ ...connection, database: 'shop' }),
    'postgresql://danube:p%40s%2Fs%3Aw%27%3F%23@10.64.0.5:5432/shop?sslmode=require',
  );
  assert.match(
    postgresql.uri({ ...connection, host: 'fd00::1', database: null }),
    /@\[fd00::1\]:5432\/\?sslmode/,
  );
});

test('parameters that lead out of the engine or would stop it are locked, and tuning parameters are not', () => {
  const locked = (name: string) =>
    postgresql.locked.some((lock) => (typeof lock === 'string' ? lock === name : lock.test(name)));
  const closed = `archive_command archive_library archive_mode restore_command recovery_end_command
    ssl_passphrase_command ssl ssl_key_file ssl_min_protocol_version listen_addresses port unix_socket_directories
    hba_file ident_file config_file data_directory external_pid_file krb_server_keyfile dynamic_library_path
    extension_control_path shared_preload_libraries session_preload_libraries local_preload_libraries
    output_plugin_libraries oauth_validator_libraries jit_provider log_destination log_directory logging_collector
    log_line_prefix lc_messages fsync full_page_writes primary_conninfo synchronous_standby_names wal_level
    password_encryption scram_iterations session_replication_role restart_after_crash huge_pages transaction_read_only`;
  const open = `work_mem shared_buffers max_connections search_path log_statement statement_timeout
    transaction_timeout synchronous_commit max_wal_size autovacuum_naptime TimeZone jit log_min_duration_statement
    pg_stat_statements.track`;
  for (const name of closed.split(/\s+/)) assert.ok(locked(name), name);
  for (const name of open.split(/\s+/)) assert.ok(!locked(name), name);
});

test('every plan gets settings that fit its memory and disk', () => {
  for (const plan of PLANS) {
    const set = postgresql.sizing(plan);
    const mb = (name: string) =>
      Number(/^(\d+)(MB|kB)$/.exec(set[name]!)![1]) / (set[name]!.endsWith('kB') ? 1024 : 1);
    assert.equal(mb('shared_buffers'), plan.memoryMb / 4);
    assert.ok(mb('effective_cache_size') < plan.memoryMb);
    assert.ok(
      mb('shared_buffers') + mb('work_mem') * Number(set.max_connections) <= plan.memoryMb,
      set.work_mem,
    );
    assert.ok(mb('work_mem') >= 4, set.work_mem);
    assert.ok(mb('max_wal_size') <= (plan.diskGb * 1024) / 10 + 1);
    assert.ok(Number(set.max_parallel_workers_per_gather) < plan.vcpu);
    assert.ok(!Object.keys(set).some((name) => postgresql.locked.includes(name)));
  }
});

test('numbers may have units, and must be within the range of their parameter', () => {
  const check = (value: string, changes: Partial<EngineParameter>) => {
    const described = parameter(changes);
    return postgresql.checkValue!(described.name, value, described);
  };
  const workMem = { unit: 'kB', min: 64, max: 2147483647 };
  for (const value of ['64MB', '1.5GB', '65536', '64 MB', '1TB'])
    assert.equal(check(value, workMem), null, value);
  assert.equal(check('63kB', workMem), 'must be at least 64 × kB');
  assert.equal(check('3TB', workMem), 'must not be greater than 2147483647 × kB');
  assert.equal(check('64mb', workMem), 'must have one of the units B, kB, MB, GB, TB');
  assert.equal(check('5min', workMem), 'must have one of the units B, kB, MB, GB, TB');
  assert.equal(check('1min', { name: 'statement_timeout', unit: 'ms', min: 0, max: 60_000 }), null);
  assert.equal(check('128MB', { name: 'shared_buffers', unit: '8kB', min: 16, max: 16_384 }), null);
  assert.match(check('129MB', { name: 'shared_buffers', unit: '8kB', min: 16, max: 16_384 })!, /greater/);
  assert.equal(
    check('10MB', { name: 'max_connections', min: 1, max: 100 }),
    'must be a number without a unit',
  );
  assert.equal(check('5', { name: 'max_connections', min: 1, max: 100 }), 'must be at least 10');
  assert.match(check('17', { name: 'transaction_buffers', unit: '8kB' })!, /multiple of 16/);
  // The type is checked elsewhere, not by the provider.
  assert.equal(check('many', workMem), null);
});

test('lists and names that would keep the engine from starting are rejected', () => {
  const check = (name: string, value: string) =>
    postgresql.checkValue!(name, value, parameter({ name, type: 'string' }));
  for (const value of ['Europe/Berlin', 'UTC']) assert.equal(check('TimeZone', value), null);
  assert.match(check('log_timezone', 'Mars/Olympus')!, /time zone/);
  // PostgreSQL would take it for two hours west of UTC.
  assert.match(check('TimeZone', '+02:00')!, /time zone/);
  const listed = parameter({ name: 'TimeZone', type: 'string', values: ['US/Eastern'] });
  assert.equal(postgresql.checkValue!('TimeZone', 'us/eastern', listed), null);
  assert.match(postgresql.checkValue!('TimeZone', 'Europe/Berlin', listed)!, /time zone/);
  assert.equal(check('DateStyle', 'ISO, DMY'), null);
  assert.match(check('DateStyle', 'sometimes')!, /style/);
  assert.equal(check('search_path', '5kb, "x"'), null);
  assert.equal(check('createrole_self_grant', 'set, inherit'), null);
});

test('the first database cannot have a reserved or truncated name', () => {
  assert.equal(postgresql.checkDatabaseName!('shop_1'), null);
  assert.match(postgresql.checkDatabaseName!('template1')!, /must not be one of/);
  assert.match(postgresql.checkDatabaseName!('x'.repeat(64))!, /63/);
});

test('a line of the log has the severity that PostgreSQL gave it', () => {
  const { logLevel } = postgresql;
  assert.equal(logLevel('[21] LOG:  database system is ready to accept connections'), 'info');
  assert.equal(logLevel('[21] danube@shop ERROR:  relation "x" does not exist at character 15'), 'error');
  assert.equal(
    logLevel('[21] danube@shop FATAL:  password authentication failed for user "danube"'),
    'error',
  );
  assert.equal(logLevel('[21] WARNING:  there is no transaction in progress'), 'warn');
  assert.equal(logLevel('[21] danube@shop STATEMENT:  SELECT $1'), 'info');
  assert.equal(logLevel('[21] DEBUG1:  autovacuum: processing database "shop"'), 'debug');
  assert.equal(logLevel('danube: the engine ended with status 1'), 'info');
});
