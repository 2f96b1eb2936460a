import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readStateFile, unfinishedFile, writeStateFile } from './state-file.ts';

describe('files of state', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'danube-state-'));
    file = path.join(folder, 'state.json');
  });
  after(() => rm(folder, { recursive: true }));

  it('are replaced as a whole, also after a write that was killed', async () => {
    await writeStateFile(file, '{"of": "before"}');
    await writeFile(unfinishedFile(file), '{"of": "a wr', { mode: 0o644 });
    assert.equal(await readFile(file, 'utf8'), '{"of": "before"}');
    await writeStateFile(file, '{"of": "now"}', 0o600);
    assert.deepEqual(await readStateFile(file, () => assert.fail()), { of: 'now' });
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ['state.json']);
  });

  it('stay as they are where the new content cannot be written', async () => {
    await writeStateFile(file, '{"of": "before"}');
    await assert.rejects(writeStateFile(path.join(file, 'below-a-file'), '{}'), { code: 'ENOTDIR' });
    assert.equal(await readFile(file, 'utf8'), '{"of": "before"}');
  });

  it('may be missing or damaged', async () => {
    assert.equal(await readStateFile(path.join(folder, 'none.json'), () => assert.fail()), null);
    await writeFile(file, '{"of": "hal');
    assert.equal(await readStateFile(file, (cause) => (cause as Error).name), 'SyntaxError');
  });
});
