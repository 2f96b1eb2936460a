import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { mariadb } from '../mariadb/provider.ts';
import { mysql } from '../mysql/provider.ts';
import { checkOption, optionLogLevel, renderOptionFile } from './options.ts';

const PLANS = [
  { vcpu: 1, memoryMb: 1024, diskGb: 10 },
  { vcpu: 1, memoryMb: 2048, diskGb: 20 },
  { vcpu: 2, memoryMb: 4096, diskGb: 50 },
  { vcpu: 4, memoryMb: 8192, diskGb: 100 },
];

const NO_RANGE = { type: 'string', default: null, min: null, max: null, unit: null, static: false } as const;

/** Parses a line of an option file as `my_default.c` of both engines does. */
function readOption(line: string): [string, string] {
  let quote = '';
  let escaped = false;
  let end = line.length;
  for (const [index, char] of [...line].entries()) {
    if ((char === '"' || char === "'") && !escaped) {
      if (quote === '') quote = char;
      else if (quote === char) quote = '';
    }
    if (quote === '' && char === '#') {
      end = [...line].slice(0, index).join('').length;
      break;
    }
    escaped = quote !== '' && char === '\\' && !escaped;
  }
  const text = line.slice(0, end).trimEnd();
  const at = text.indexOf('=');
  let value = text.slice(at + 1).trimStart();
  if (/^["']/.test(value) && value.length > 1 && value.at(-1) === value[0]) value = value.slice(1, -1);
  const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', s: ' ' };
  return [
    text.slice(0, at).trim(),
    value.replace(/\\([\s\S])/g, (all, char) => escapes[char] ?? (/["'\\]/.test(char) ? char : all)),
  ];
}

describe('MySQL and MariaDB', () => {
  test('every value survives the option file unchanged', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.string({ unit: fc.constantFrom(...' #"\'\\;![]=nstbrx\t'), maxLength: 40 }),
    );
    fc.assert(
      fc.property(
        text.filter((value) => !/[\r\n\0]/.test(value)),
        (value) => {
          const [group, line, ...rest] = renderOptionFile({ sql_mode: value }).split('\n');
          assert.equal(group, '[mysqld]');
          assert.deepEqual(readOption(line!), ['sql_mode', value]);
          assert.deepEqual(rest, ['']);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('a value that the engine would read as two lines is not written', () => {
    for (const value of ['a\nplugin_load=x', 'a\rb', 'a\0b', 'x'.repeat(5000)]) {
      assert.throws(() => renderOptionFile({ sql_mode: value }), /sql_mode cannot be written/);
    }
    assert.throws(() => renderOptionFile({ 'a]\n[b': 'x' }), /cannot be written/);
    assert.match(checkOption('sql_mode', 'x'.repeat(1001))!, /at most 1000 bytes/);
  });

  test('sizes are numbers of bytes, which may end in K, M or G', () => {
    for (const value of ['134217728', '128M', '1g', '64K']) {
      assert.equal(checkOption('innodb_buffer_pool_size', value), null, value);
    }
    for (const value of ['128 M', '1.5G', '1T', '128MB', 'much', '']) {
      assert.match(checkOption('innodb_buffer_pool_size', value)!, /K, M or G/, value);
    }
    assert.equal(checkOption('sql_mode', 'ANSI'), null);
  });

  test('the default time zone is a name that the engine knows, or an offset', () => {
    const parameter = { ...NO_RANGE, name: 'default_time_zone', values: ['Europe/Berlin'] };
    const check = (value: string) => checkOption('default_time_zone', value, parameter);
    for (const value of ['SYSTEM', 'europe/berlin', '+02:00', '-13:59', '+14:00', '+2:30'])
      assert.equal(check(value), null, value);
    for (const value of ['Mars/Olympus', '+14:01', '+2', '02:00', ''])
      assert.match(check(value)!, /time zone/, value);
  });

  test('every plan has room for its pools and connections', () => {
    for (const provider of [mysql, mariadb]) {
      for (const plan of PLANS) {
        const sizing = provider.sizing(plan);
        const mib = (name: string) => Number(sizing[name]) / 1024 / 1024;
        assert.ok(mib('innodb_buffer_pool_size') >= 256);
        const connections = Number(sizing.max_connections);
        assert.ok(connections >= plan.memoryMb / 16, 'connections');
        // Server, buffer pool, and half of the connections active at the same time.
        const used = 200 + mib('innodb_buffer_pool_size') + connections * 0.5 * 2;
        assert.ok(used < plan.memoryMb * 0.9, `${provider.id} ${plan.memoryMb}: ${used}`);
        const redo = mib('innodb_redo_log_capacity') || mib('innodb_log_file_size');
        assert.ok(redo >= 256 && redo <= 1024 && redo * 20 <= plan.diskGb * 1024, `redo ${redo}`);
        for (const [name, value] of Object.entries(sizing)) {
          assert.equal(checkOption(name, value), null, name);
        }
      }
    }
  });

  test('lines of the log have their level', () => {
    const levels = {
      '2026-11-24T18:45:42.1Z 0 [Warning] [MY-010068] [Server] CA certificate ca.pem is self signed.': 'warn',
      '2026-11-24T18:51:06.6Z 5 [ERROR] [MY-000061] [Server] 1105  End of file': 'error',
      '2026-11-24T18:51:06.6Z 0 [System] [MY-010931] [Server] ready for connections.': 'info',
      '2026-11-24 18:55:35 0 [Note] InnoDB: Using io_uring': 'info',
      '2026-11-24 18:55:35 0 [ERROR] Aborting': 'error',
      "ERROR: 1146  Table 'mysql.slow_log' doesn't exist": 'error',
      'danube: the engine ended with status 1': 'info',
    };
    for (const [line, level] of Object.entries(levels)) assert.equal(optionLogLevel(line), level, line);
  });
});
