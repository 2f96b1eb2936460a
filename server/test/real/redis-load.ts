import assert from 'node:assert/strict';
import { createConnection, type Socket } from 'node:net';
import { it } from 'node:test';
import { run } from '../../src/lib/run.ts';
import { waitFor } from '../harness.ts';
import type { RedisSubject } from './redis-subject.ts';

/** Tests that neither load nor greedy clients bring the engine down. */
export function testLoad(subject: RedisSubject): void {
  const { answers, customer, metrics, plain, state, written } = subject;

  it('ends in good order although a script runs forever', async () => {
    await customer('SET kept 1');
    await written();
    const forever = customer('EVAL "while true do end" 0');
    await waitFor('the script to run', async () =>
      /BUSY/.test(await plain(subject.service.settings.password)),
    );
    await subject.service.plane.control(subject.service.spec.ref, 'restart');
    await forever;
    await answers();
    assert.equal(await customer('GET kept'), '1');
    assert.equal((await state()).last_exit, 0);
  });

  it('stays within its memory under a load of writes', async () => {
    const load = [
      '-h',
      subject.service.address,
      '-a',
      subject.service.settings.password,
      '-q',
      '-c',
      '20',
      '-P',
      '8',
    ];
    const writes = ['-t', 'set', '-d', '1000', '-r', '400000', '-n', '400000'];
    await Promise.all([
      run('redis-benchmark', [...load, ...writes], { timeoutSeconds: 900 }),
      waitFor('a rewrite of the log', async () => /aof_rewrites:[1-9]/.test(await customer('INFO')), 900),
    ]);
    // The buffer that waits for a slow disk counts as memory used, but not towards the limit.
    await written();
    const limit = Number((await customer('CONFIG GET maxmemory')).split('\n')[1]);
    const now = await metrics();
    assert.ok(now.memory_used_bytes! <= limit * 1.05, `${now.memory_used_bytes} of ${limit}`);
    assert.equal((await state()).oom_kills, 0);
    assert.ok(now.evicted_keys! > 0);
    // A single value that is larger than the plan's memory.
    assert.match(await customer('SETRANGE large 400000000 x'), /ERR/);
  });

  it('cuts off clients that have it buffer more than its memory', async () => {
    const sockets = Array.from({ length: 40 }, () => createConnection(6379, subject.service.address));
    let cut = 0;
    for (const socket of sockets) {
      socket.on('error', () => undefined).on('close', () => (cut += 1));
      const { password } = subject.service.settings;
      socket.write(`*2\r\n$4\r\nAUTH\r\n$${Buffer.byteLength(password)}\r\n${password}\r\n`);
      // Sends most of an argument, so that the engine keeps it and waits for the rest.
      socket.write('*3\r\n$3\r\nSET\r\n$1\r\na\r\n$10000000\r\n');
      socket.write(Buffer.alloc(9_900_000, 'x'));
    }
    try {
      await waitFor('clients to be cut off', async () => cut >= 30);
      assert.equal((await state()).oom_kills, 0);
      assert.equal(await customer('PING'), 'PONG');
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it('says that clients have all of its connections', async () => {
    const sockets = new Set<Socket>();
    // Reconnects what was refused, because older connections may still be closing and free their places.
    const crowd = (): void => {
      while (sockets.size < 300) {
        const socket = createConnection(6379, subject.service.address);
        sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      }
    };
    try {
      await waitFor('all connections to be taken', async () => {
        crowd();
        const { connected_clients, max_clients, uptime_seconds } = await metrics();
        return uptime_seconds === null && connected_clients === 256 && max_clients === 256;
      });
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await waitFor('an answer', async () => (await metrics()).uptime_seconds !== null);
  });
}
