import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { run } from '../../src/lib/run.ts';
import type { RedisSubject } from './redis-subject.ts';

const dump = (name: string): Promise<Buffer> => readFile(path.join(import.meta.dirname, 'dumps', name));

/** Turns the RDB file on standard input into commands, with an engine of its own. As in docs/redis.md. */
const TO_COMMANDS = `set -eu
work=$(mktemp -d); cd "$work"; base64 -d >dump.rdb
[ -x /usr/bin/valkey-server ] && engine=valkey || engine=redis
$engine-server --dir "$work" --port 0 --unixsocket "$work/socket" --save '' --aof-use-rdb-preamble no >log 2>&1 &
pid=$!
trap 'kill $pid; rm -rf "$work"' EXIT
until [ "$($engine-cli -s socket PING 2>/dev/null)" = PONG ]; do sleep 0.1; done
$engine-cli -s socket CONFIG SET appendonly yes >/dev/null
until $engine-cli -s socket INFO persistence | tr -d '\\r' | grep -qx aof_rewrite_in_progress:0 &&
  [ -s appendonlydir/appendonly.aof.1.base.aof ]; do sleep 0.1; done
cat appendonlydir/appendonly.aof.*.aof | base64 -w 0`;

/** Tests that the owner can load the files of other engines with the engine's own tools. */
export function testDumps(subject: RedisSubject): void {
  const { customer } = subject;
  /** What the dumps contain. */
  const isLoaded = async (): Promise<void> => {
    assert.equal(
      await customer('GET greeting', 'HGET user:1 visits', 'LRANGE queue 0 -1', 'ZSCORE ranks two'),
      'Ärger \\ "quoted"\n3\na\nb\nc\n2.5',
    );
    assert.equal(await customer('SCARD tags', 'XLEN log', 'PFCOUNT seen', 'GETBIT bits 7'), '2\n1\n2\n1');
    assert.equal(await customer('SELECT 3', 'GET other'), 'OK\n1');
    assert.ok(Number(await customer('PEXPIRETIME greeting')) === 4_102_444_800_000);
  };
  /** Sends commands as the append-only file has them. */
  async function pipe(commands: Buffer): Promise<void> {
    const { address, settings } = subject.service;
    const [program, ...args] = subject.cli;
    const to = ['-h', address, '-p', '6380', '--tls', '--cacert', subject.services.caFile, '--pipe'];
    const env = { ...process.env, REDISCLI_AUTH: settings.password };
    const { stdout } = await run(program!, [...args, ...to], { input: commands, env });
    assert.match(stdout, /errors: 0, replies: \d+/);
  }

  it('loads the append-only file and the snapshot of another server', async () => {
    await customer('FLUSHALL');
    await pipe(await dump('redis-7.0.aof'));
    await isLoaded();
    await customer('FLUSHALL');
    const input = (await dump('redis-7.0.rdb')).toString('base64');
    // Values are bytes, which text in UTF-8 would not survive.
    const { stdout } = await subject.service.inside(['sh', '-c', TO_COMMANDS], { input });
    await pipe(Buffer.from(stdout, 'base64'));
    await isLoaded();
    await customer('FLUSHALL');
  });
}
