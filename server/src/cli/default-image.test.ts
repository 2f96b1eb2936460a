import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { createSimDataPlane } from '../dataplane/sim/data-plane.ts';
import { createTerminal } from '../host/terminal.ts';
import { prepareImage } from './default-image.ts';

/** Prepares the image where `ensureImage` fails so many times first. Returns all that the operator sees. */
async function prepare(failures: number, code: 'unreachable' | 'image_build_failed'): Promise<string> {
  const plane = createSimDataPlane({ stateFile: null, latencyMs: 0 });
  let seen = '';
  const out = { isTTY: false, write: (text: string) => (seen += text) } as unknown as NodeJS.WriteStream;
  const log = { warn: (_fields: unknown, message?: string) => (seen += `${message}\n`) };
  plane.faults.failNext('ensureImage', new DataPlaneError(code, 'It does not answer.'), failures);
  await prepareImage(plane, createTerminal(out), log as never, true);
  await plane.close();
  return seen;
}

test('an Incus that is still starting is waited for, and nothing looks like a failure', async () => {
  const seen = await prepare(3, 'unreachable');
  assert.match(seen, /Ready: debian-12/);
  assert.doesNotMatch(seen, /✗|could not/);
});

test('a build that fails is told at once', async () => {
  const seen = await prepare(1, 'image_build_failed');
  assert.match(seen, /✗ Preparing the image debian-12[\s\S]*debian-12 could not be prepared/);
  assert.doesNotMatch(seen, /Ready/);
});
