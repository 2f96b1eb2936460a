import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Provider } from '../../src/services/provider.ts';
import { MICRO, type RedisSubject } from './redis-subject.ts';

/** Tests that parameters take effect, and that the metrics are right. */
export function testSettings(subject: RedisSubject, provider: Provider): void {
  const { answers, customer, metrics, plain, state } = subject;

  it('takes new settings without a restart, and says which need one', async () => {
    const reload = () => subject.service.plane.control(subject.service.spec.ref, 'reload');
    const { starts } = await state();
    await subject.service.push({ password: 'new', parameters: { 'maxmemory-samples': '7', hz: '25' } });
    assert.equal(await reload(), '');
    assert.equal(await customer('CONFIG GET maxmemory-samples'), 'maxmemory-samples\n7');
    await subject.service.push({ parameters: { databases: '20', 'notify-keyspace-events': 'KEA' } });
    assert.equal((await reload()).trim(), 'databases');
    assert.equal(
      await customer('CONFIG GET maxmemory-samples', 'CONFIG GET hz'),
      'maxmemory-samples\n5\nhz\n10',
    );
    await subject.service.push({ parameters: { 'maxmemory-samples': 'many' } });
    await assert.rejects(reload(), /maxmemory-samples/);
    await subject.service.push({ plan: { ...MICRO, memoryMb: 512 }, parameters: {} });
    assert.equal(await reload(), '');
    const wanted = provider.sizing({ ...MICRO, memoryMb: 512 }).maxmemory;
    assert.equal(await customer('CONFIG GET maxmemory'), `maxmemory\n${wanted}`);
    assert.deepEqual((await state()).starts, starts);
    assert.match(await plain('wrong'), /WRONGPASS/);
  });

  it('reads any text from its configuration as it was written', async () => {
    const text = `a "b" 'c' \\ \\n \\x41 #d $(e) é {f} ;`;
    await subject.service.push({ plan: MICRO, parameters: { 'syslog-ident': text } });
    await subject.service.plane.control(subject.service.spec.ref, 'restart');
    await answers();
    assert.equal(await customer('CONFIG GET syslog-ident'), `syslog-ident\n${text}`);
    await subject.service.push({ parameters: {} });
  });

  it('tells how it fares', async () => {
    await customer('SET a 1', 'GET a', 'GET none');
    const now = await metrics();
    assert.equal(now.max_clients, 256);
    for (const value of Object.values(now)) assert.equal(typeof value, 'number', JSON.stringify(now));
    assert.ok(now.keyspace_hits! >= 1 && now.keyspace_misses! >= 1 && now.memory_used_bytes! > 100_000);
    await subject.service.push({ parameters: { 'slowlog-log-slower-than': '0', 'slowlog-max-len': '2' } });
    await subject.service.plane.control(subject.service.spec.ref, 'reload');
    await customer('SET a 1', 'SET a 2', 'SET a 3', 'SET a 4');
    assert.ok((await metrics()).slow_queries! >= 4);
    // The slow log must not show the platform's own commands, which contain a secret.
    await subject.service.plane.control(subject.service.spec.ref, 'reload');
    assert.doesNotMatch(await customer('SLOWLOG GET'), /[0-9a-f]{64}/);
  });
}
