import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isRoot } from '../lib/processes.ts';
import { ensureUser, findUser, removeUser } from './system.ts';

const NAME = `danube-test-${process.pid}`;

after(() => removeUser(NAME));

test('components that need the same user at the same time get it', { skip: !isRoot() }, async () => {
  const made = await Promise.all(Array.from({ length: 4 }, () => ensureUser(NAME)));
  const found = findUser(NAME);
  assert.ok(found);
  assert.deepEqual(
    made,
    made.map(() => found),
  );
});
