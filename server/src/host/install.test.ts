import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readConfig } from '../config.ts';
import { isRoot } from '../lib/processes.ts';
import { removeNote } from './host-registry.ts';
import { ensureInstall, type Install } from './install.ts';

let folder = '';
const made: Install[] = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'danube-installs-'));
});
after(async () => {
  for (const { installId } of made) await removeNote(installId);
  await rm(folder, { recursive: true });
});

test('installs that start for the first time together choose ranges of their own', {
  skip: !isRoot(),
}, async () => {
  const create = (name: string) =>
    ensureInstall(readConfig({ DANUBE_HOME: path.join(folder, name), DANUBE_ENGINE: 'incus' }), 'own');
  made.push(...(await Promise.all([create('one'), create('two')])));
  const [one, two] = made as [Install, Install];
  assert.notEqual(one.ipv4Pool, two.ipv4Pool);
  assert.notEqual(one.publicPorts.first, two.publicPorts.first);
  assert.deepEqual(await create('one'), one);
});
