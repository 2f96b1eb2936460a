import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { redis } from '../redis/provider.ts';
import { valkey } from '../valkey/provider.ts';
import { checkValue } from './parameters.ts';

const locked = (name: string): boolean =>
  redis.locked.some((lock) => (typeof lock === 'string' ? lock === name : lock.test(name)));

/** A line of redis.conf as its parser reads it: `name "value"`, where a backslash makes the next character literal. */
function read(line: string): [name: string, value: string] {
  const [, name, quoted] = /^(\S+) "((?:[^"\\]|\\[\\"])*)"$/s.exec(line) ?? assert.fail(line);
  return [name!, quoted!.replaceAll(/\\(.)/gs, '$1')];
}

describe('what Redis and Valkey share', () => {
  it('writes every value so that the engine reads it unchanged', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => !/[\n\r\0]/.test(value));
    const name = fc.stringMatching(/^[a-z]{1,8}(-[a-z]{1,8}){2,3}$/);
    fc.assert(
      fc.property(fc.dictionary(name, text, { noNullPrototype: true }), (parameters) => {
        const lines = redis.renderConfig(parameters).split('\n').slice(0, -1);
        assert.deepEqual(Object.fromEntries(lines.map(read)), parameters);
      }),
    );
  });

  it('writes booleans in the engines’ format', () => {
    assert.equal(redis.renderConfig({ activerehashing: 'on' }), 'activerehashing "yes"\n');
    assert.equal(redis.renderConfig({ activerehashing: 'FALSE' }), 'activerehashing "no"\n');
  });

  it('follows the plan', () => {
    const sizes = [256, 1024, 3072, 6144].map((memoryMb) => {
      const sizing = redis.sizing({ vcpu: 1, memoryMb, diskGb: 2 });
      // Twice the data plus the limit of client buffers must fit into memory.
      const mib = (name: string) => Number(sizing[name]) / 1024 / 1024;
      assert.ok(2 * mib('maxmemory') + mib('maxmemory-clients') / 2 < memoryMb - 30);
      return [Math.floor(mib('maxmemory')), Number(sizing.maxclients)];
    });
    assert.deepEqual(sizes, [
      [93, 256],
      [439, 1024],
      [1360, 3072],
      [2743, 6144],
    ]);
    assert.deepEqual(valkey.sizing, redis.sizing);
  });

  it('locks everything that leads out of the engine or breaks a promise', () => {
    const forbidden =
      'dir dbfilename appenddirname appendfilename logfile pidfile unixsocket unixsocketperm port bind tls-port tls-cert-file ' +
      'tls-auth-clients tls-protocols aclfile requirepass masterauth replicaof slaveof loadmodule rename-command include user ' +
      'enable-debug-command enable-module-command enable-protected-configs supervised daemonize appendonly save ' +
      'cluster-enabled cluster-announce-ip protected-mode maxmemory maxclients lua-enable-deprecated-api repl-timeout ' +
      'maxmemory-policy-x xmaxmemory-policy';
    for (const name of forbidden.split(' ')) assert.ok(locked(name), name);
    for (const name of ['maxmemory-policy', 'timeout', 'databases']) assert.ok(!locked(name), name);
  });

  it('rejects values that the engine would reject', () => {
    const fits = (name: string, ...values: string[]) => {
      for (const value of values) assert.equal(checkValue(name, value), null, `${name} ${value}`);
    };
    const refused = (name: string, ...values: string[]) => {
      for (const value of values) assert.match(checkValue(name, value) ?? '', /^must /, `${name} ${value}`);
    };
    fits('hll-sparse-max-bytes', '3000', '3kb', '1MB', '2g');
    refused('hll-sparse-max-bytes', '', '-1', '1.5kb', '3 kb', '3tb');
    fits('timeout', '0', '300');
    refused('timeout', '1e3', '5s', '1.0');
    fits('databases', '1000');
    refused('databases', '1001', '2147483647');
    fits('client-output-buffer-limit', 'pubsub 32mb 8mb 60', 'normal 0 0 0 pubsub 1gb 0 0');
    refused('client-output-buffer-limit', 'replica 0 0 0', 'normal 0 0', 'normal 0 0 0 ', '');
    fits('notify-keyspace-events', '', 'KEA', 'Kg$');
    refused('notify-keyspace-events', 'KQ', 'K E');
    fits('latency-tracking-info-percentiles', '', '50 99 99.9', '100');
    refused('latency-tracking-info-percentiles', '101', '50,99');
    fits('maxmemory-policy', 'allkeys-lru');
  });

  it('creates URIs that clients accept', () => {
    const connection = {
      host: '192.0.2.1',
      port: 6380,
      username: 'default',
      password: 'a/b',
      database: null,
    };
    assert.equal(redis.uri({ ...connection, tls: true }), 'rediss://default:a%2Fb@192.0.2.1:6380/');
    assert.equal(redis.uri({ ...connection, tls: false }), 'redis://default:a%2Fb@192.0.2.1:6380/');
    assert.equal(valkey.uri({ ...connection, tls: true }), 'rediss://default:a%2Fb@192.0.2.1:6380/');
  });

  it('determines the severity of log lines', () => {
    const level = (mark: string, text: string) =>
      redis.logLevel(`4:M 24 Nov 2026 18:59:45.781 ${mark} ${text}`);
    assert.equal(level('.', 'Accepted'), 'debug');
    assert.equal(level('-', 'Accepted'), 'debug');
    assert.equal(level('*', 'Ready to accept connections tcp'), 'info');
    assert.equal(level('#', 'WARNING Memory overcommit must be enabled!'), 'warn');
    assert.equal(level('#', 'Error writing to the AOF file: No space left on device'), 'error');
    assert.equal(redis.logLevel('*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***'), 'error');
    assert.equal(redis.logLevel('danube: the engine ended with status 0'), 'info');
  });
});
