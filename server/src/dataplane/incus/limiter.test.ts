import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BootSlots, grantSlots, KeyedMutex } from './limiter.ts';

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

/** Guests that boot in these slots, in the order in which they got one. */
function bootIn(slots: BootSlots) {
  const booting: string[] = [];
  const enter = (teamId: number, name: string) =>
    slots.enter({ teamId, name }).then(() => void booting.push(name));
  return { booting, enter };
}

test('no more guests boot at once than there are slots', async () => {
  const slots = new BootSlots(grantSlots(2));
  const { booting, enter } = bootIn(slots);
  const all = ['a', 'b', 'c', 'd'].map((name, index) => enter(index, name));
  await settle();
  assert.deepEqual(booting, ['a', 'b']);
  slots.leave('unknown');
  slots.leave('b');
  slots.leave('b');
  await settle();
  assert.deepEqual(booting, ['a', 'b', 'c']);
  slots.leave('a');
  await Promise.all(all);
  for (const name of ['c', 'd']) slots.leave(name);
});

test('guests of one team leave a slot for others, and boot in turn with theirs', async () => {
  const slots = new BootSlots(grantSlots(3));
  const { booting, enter } = bootIn(slots);
  const greedy = ['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => enter(1, name));
  await settle();
  assert.deepEqual(booting, ['a1', 'a2']);
  const modest = ['b1', 'b2'].map((name) => enter(2, name));
  await settle();
  assert.deepEqual(booting, ['a1', 'a2', 'b1']);
  slots.leave('a1');
  await settle();
  assert.deepEqual(booting.slice(3), ['b2']);
  for (const name of ['b1', 'b2', 'a2', 'a3', 'a4']) {
    slots.leave(name);
    await settle();
  }
  await Promise.all([...greedy, ...modest]);
  slots.leave('a5');
});

test('a guest that boots again does not take a second slot', async () => {
  const slots = new BootSlots(grantSlots(1));
  await slots.enter({ teamId: 1, name: 'a' });
  await slots.enter({ teamId: 1, name: 'a' });
  slots.leave('a');
  await slots.enter({ teamId: 1, name: 'b' });
  slots.leave('b');
});
