import assert from 'node:assert/strict';
import { it } from 'node:test';
import { waitFor } from '../harness.ts';
import { volumeOf } from '../volumes.ts';
import type { RedisSubject } from './redis-subject.ts';

/** Tests that no write is lost when the engine or the instance is killed. */
export function testCrashes(subject: RedisSubject): void {
  const { answers, customer, oneLog, written } = subject;

  it('keeps what it has written when engine or instance are killed', async () => {
    await customer('SET before 1');
    await written();
    await subject.service.inside(['sh', '-c', 'kill -KILL "$(cat /run/danube/engine.pid)"']);
    await answers();
    assert.equal(await customer('GET before', 'SET again 2'), '1\nOK');
    await written();
    await subject.service.kill();
    await subject.service.plane.ensureRunning(subject.service.spec.ref);
    await answers();
    assert.equal(await customer('GET before', 'GET again'), '1\n2');
  });

  it('starts with a log that was torn in the middle of a write', async () => {
    await oneLog();
    // The engine is stopped meanwhile, so that it appends nothing after the torn write.
    const tear = [
      'kill -STOP "$(cat /run/danube/engine.pid)"',
      "printf '*3\\r\\n$3\\r\\nSET\\r\\n$4\\r\\nto' | tee -a /data/*/appendonlydir/*.incr.aof >/dev/null",
      'kill -KILL "$(cat /run/danube/engine.pid)"',
    ];
    await subject.service.inside(['sh', '-c', tear.join('; ')]);
    await answers();
    assert.equal(await customer('GET before', 'GET again'), '1\n2');
  });
}

/** Tests the engine on a full disk. */
export function testFullDisk(subject: RedisSubject): void {
  const { answers, customer, state, written } = subject;

  it('refuses writes while its disk is full, and takes them again once there is room', async () => {
    await customer('FLUSHALL', 'SET kept 1', 'BGREWRITEAOF');
    await written();
    const { starts } = await state();
    // Fills the volume up to its own limit, as the engine would, and not the host's pool.
    await subject.service.inside(['sh', '-c', 'head -c 3G /dev/urandom >/data/ballast; sync'], {
      allow: 'any',
    });
    const value = 'x'.repeat(100_000);
    await waitFor('writes to be refused', async () => /MISCONF/.test(await customer(`SET a ${value}`)));
    assert.equal(await customer('GET kept'), '1');
    assert.deepEqual((await state()).starts, starts);
    await subject.service.plane.control(subject.service.spec.ref, 'restart');
    await answers();
    assert.equal(await customer('GET kept'), '1');
    await subject.service.plane.ensureVolume({ ref: volumeOf(subject.service.spec.ref), sizeGb: 4 });
    await waitFor('writes to be taken', async () => (await customer('SET b 2')) === 'OK');
    assert.equal(await customer('GET kept', 'GET b'), '1\n2');
  });
}
