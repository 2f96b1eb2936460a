import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { startAgain } from './pool-repair.ts';

it('damaged notes of a repair are said to be, and do not keep the pool from being mended', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-repair-'));
  const notes = path.join(folder, 'pool-repair.json');
  const said: string[] = [];
  try {
    await writeFile(notes, '[{"name": "vps-');
    const pool = {
      socket: '',
      name: '',
      mount: '',
      image: '',
      notes,
      log: (text: string) => said.push(text),
    };
    await startAgain(pool);
    assert.match(said.join(), /pool-repair\.json is damaged: instances .* have to be started by hand/);
    assert.equal(existsSync(notes), false);
    await startAgain(pool);
    assert.equal(said.length, 1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
