import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { findMirror } from '../lib/debian-mirror.ts';
import { removeLeftovers, sourcesList } from './packages.ts';

test('the source list is signed, complete, and has backports only on request', () => {
  const mirror = findMirror({}, 'bookworm');
  const lines = sourcesList('bookworm', mirror, true)
    .split('\n')
    .filter((line) => line.startsWith('deb '));
  assert.deepEqual(
    lines.map((line) => line.split(' ')[3]),
    ['bookworm', 'bookworm-updates', 'bookworm-security', 'bookworm-backports'],
  );
  assert.ok(
    lines.every((line) => line.includes('[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]')),
  );
  assert.ok(!sourcesList('trixie', mirror, false).includes('backports'));
});

test('what a killed set-up has left is removed, and nothing of others or of one that is under way', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-packages-'));
  try {
    const mark = '# Danube: there only while packages are being installed, by process';
    const { pid: ended } = spawnSync('true');
    const files = {
      killed: `#!/bin/sh\n${mark} ${ended}\nexit 0\n`,
      underway: `${mark} ${process.pid}\ncreate_main_cluster = false\n`,
      foreign: 'create_main_cluster = false\n',
    };
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    await removeLeftovers([...Object.keys(files), 'missing'].map((name) => path.join(folder, name)));
    assert.deepEqual((await readdir(folder)).sort(), ['foreign', 'underway']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
