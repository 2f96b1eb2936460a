import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMirror } from '../lib/debian-mirror.ts';
import { sourcesList } from './packages.ts';

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
