import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../lib/run.ts';
import { leaveNote, removeNote } from '../host-registry.ts';
import { removeDanglingVeths } from './dangling-veths.ts';

const NAMES = ['dv-left-0', 'dv-used-0', 'dv-other-0', 'dv-away-0', 'dv-near-0', 'dv-bridge'] as const;
const [LEFT, USED, OTHER, AWAY, NEAR, BRIDGE] = NAMES;
/** Of 192.0.2.10; and of 198.51.100.10, in the range of another install. */
const OURS = '02:d4:c0:00:02:0a';
const FOREIGN = '02:d4:c6:33:64:0a';
const NEIGHBOUR = 'veth00';
let home = '';
const NAMESPACE = 'danube-dangling-veths';

const ip = (command: string) => run('ip', command.split(' '));
const exists = (name: string): boolean => existsSync(`/sys/class/net/${name}`);
const peer = (name: string): string => name.replace(/0$/, '1');

async function clear(): Promise<void> {
  for (const name of NAMES) await run('ip', ['link', 'delete', name], { allow: 'any' });
  await run('ip', ['netns', 'delete', NAMESPACE], { allow: 'any' });
  await removeNote(NEIGHBOUR);
}

before(async () => {
  await clear();
  home = await mkdtemp(path.join(os.tmpdir(), 'danube-veths-'));
  await writeFile(path.join(home, 'install.json'), '{}');
  await leaveNote({ installId: NEIGHBOUR, home, ipv4Pool: '198.51.100.0/24' });
  await ip(`netns add ${NAMESPACE}`);
  await ip(`link add ${BRIDGE} type bridge`);
  for (const name of [LEFT, USED, AWAY, NEAR]) {
    await ip(`link add ${name} type veth peer name ${peer(name)} address ${name === NEAR ? FOREIGN : OURS}`);
  }
  await ip(`link add ${OTHER} type veth peer name ${peer(OTHER)}`);
  await ip(`link set ${USED} master ${BRIDGE}`);
  await ip(`link set ${peer(AWAY)} netns ${NAMESPACE}`);
});
after(async () => {
  await clear();
  await rm(home, { recursive: true, force: true });
});

test('removes an unused veth pair of an instance, and no other, nor those of another install', async () => {
  await removeDanglingVeths('veth01');
  assert.deepEqual(NAMES.filter(exists), [USED, OTHER, AWAY, NEAR, BRIDGE]);
  assert.ok(!exists(peer(LEFT)) && exists(peer(USED)));
});
