import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { run } from '../../lib/run.ts';
import { removeDanglingVeths } from './dangling-veths.ts';

const NAMES = ['dv-left-0', 'dv-used-0', 'dv-other-0', 'dv-away-0', 'dv-bridge'] as const;
const [LEFT, USED, OTHER, AWAY, BRIDGE] = NAMES;
const NAMESPACE = 'danube-dangling-veths';

const ip = (command: string) => run('ip', command.split(' '));
const exists = (name: string): boolean => existsSync(`/sys/class/net/${name}`);
const peer = (name: string): string => name.replace(/0$/, '1');

async function clear(): Promise<void> {
  for (const name of NAMES) await run('ip', ['link', 'delete', name], { allow: 'any' });
  await run('ip', ['netns', 'delete', NAMESPACE], { allow: 'any' });
}

before(async () => {
  await clear();
  await ip(`netns add ${NAMESPACE}`);
  await ip(`link add ${BRIDGE} type bridge`);
  for (const name of [LEFT, USED, AWAY]) {
    await ip(`link add ${name} type veth peer name ${peer(name)} address 02:d4:0a:40:00:0a`);
  }
  await ip(`link add ${OTHER} type veth peer name ${peer(OTHER)}`);
  await ip(`link set ${USED} master ${BRIDGE}`);
  await ip(`link set ${peer(AWAY)} netns ${NAMESPACE}`);
});
after(clear);

test('removes an unused veth pair of an instance, and no other', async () => {
  await removeDanglingVeths();
  assert.deepEqual(NAMES.filter(exists), [USED, OTHER, AWAY, BRIDGE]);
  assert.ok(!exists(peer(LEFT)) && exists(peer(USED)));
});
