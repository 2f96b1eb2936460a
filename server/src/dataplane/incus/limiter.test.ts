import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BootSlots, grantSlots, KeyedMutex, Semaphore } from './limiter.ts';

/** Lets pending promise callbacks run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('work of one key runs in order, also after a failure; other keys do not wait', async () => {
  const mutex = new KeyedMutex();
  const order: string[] = [];
  let release = () => {};
  const first = mutex.run('a', async () => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    order.push('a1');
    throw new Error('a1 failed');
  });
  const second = mutex.run('a', async () => void order.push('a2'));
  await mutex.run('b', async () => void order.push('b'));
  release();
  await assert.rejects(first, /a1 failed/);
  await second;
  assert.deepEqual(order, ['b', 'a1', 'a2']);
});

test('no more guests boot at once than there are slots', async () => {
  const slots = new BootSlots(grantSlots(2));
  const entered: string[] = [];
  const enter = (name: string) => slots.enter(name).then(() => void entered.push(name));
  const all = ['a', 'b', 'c', 'd'].map(enter);
  await settle();
  assert.deepEqual(entered, ['a', 'b']);
  slots.leave('unknown');
  slots.leave('b');
  slots.leave('b');
  await settle();
  assert.deepEqual(entered, ['a', 'b', 'c']);
  slots.leave('a');
  await Promise.all(all);
  for (const name of ['c', 'd']) slots.leave(name);
});

test('a guest that boots again does not take a second slot', async () => {
  const slots = new BootSlots(grantSlots(1));
  await slots.enter('a');
  await slots.enter('a');
  slots.leave('a');
  await slots.enter('b');
  slots.leave('b');
});

test('a semaphore limits how many run at once, also after a failure', async () => {
  const semaphore = new Semaphore(2);
  const ends: (() => void)[] = [];
  let running = 0;
  const work = (fails: boolean) =>
    semaphore.run(async () => {
      running += 1;
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      if (fails) throw new Error('failed');
    });
  const all = Promise.allSettled([work(true), work(false), work(false)]);
  await settle();
  assert.equal(running, 2);
  ends[0]!();
  await settle();
  assert.deepEqual([running, ends.length], [2, 3]);
  ends[1]!();
  ends[2]!();
  await all;
  assert.equal(running, 0);
});
