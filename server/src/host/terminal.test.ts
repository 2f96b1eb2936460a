import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { waitFor } from '../../test/harness.ts';
import { createTerminal } from './terminal.ts';

function listenTo(isTTY: boolean) {
  let text = '';
  const out = Object.assign(new PassThrough(), { isTTY, columns: 200 });
  out.on('data', (part: Buffer) => {
    text += part.toString();
  });
  return { terminal: createTerminal(out as unknown as NodeJS.WriteStream), text: () => text };
}

/** Runs two steps at once until both have been shown. */
async function runTwo(isTTY: boolean): Promise<string> {
  const { terminal, text } = listenTo(isTTY);
  const shown = waitFor('both steps', async () => /Incus/.test(text()) && /PostgreSQL: initdb/.test(text()));
  await Promise.all([
    terminal.step('Starting PostgreSQL', (report) => {
      report('initdb');
      return shown;
    }),
    terminal.step('Starting Incus', () => shown),
  ]);
  return text();
}

test('steps that run at once are in one line of a terminal', async () => {
  const text = await runTwo(true);
  assert.match(text, /… Starting PostgreSQL: initdb \(\d+ s\) · Starting Incus \(\d+ s\)/);
  assert.match(text, /✓ Starting PostgreSQL \(\d+ s\)\n[^✓]*✓ Starting Incus/);
});

test('elsewhere, each step has lines of its own', async () => {
  const text = await runTwo(false);
  assert.match(text, /^ {2}… Starting PostgreSQL: initdb \(\d+ s\)$/m);
  assert.match(text, /^ {2}… Starting Incus \(\d+ s\)$/m);
  assert.match(text, /^ {2}✓ Starting Incus \(\d+ s\)$/m);
  assert.ok(!text.includes('\x1b'));
});

test('a step that takes less than a second prints nothing, unless it fails', async () => {
  const { terminal, text } = listenTo(true);
  await terminal.step('Quick', async () => undefined);
  assert.equal(text(), '');
  await assert.rejects(terminal.step('Broken', () => Promise.reject(new Error('no'))));
  assert.match(text(), /✗ Broken \(0 s\)\n$/);
});
