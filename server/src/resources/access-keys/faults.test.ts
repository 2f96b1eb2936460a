import assert from 'node:assert/strict';
import { makeAccessKey } from '../../../test/object-storage.ts';
import { ended } from '../../../test/operation-subject.ts';
import { testOperationFaults } from '../../../test/workflow-faults.ts';
import { accessKeyWorkflows } from './workflow.ts';

testOperationFaults({
  name: 'access key',
  workflows: accessKeyWorkflows({ database: {} } as Parameters<typeof accessKeyWorkflows>[0]),
  verbs: { store: ['ensureReady'], team: ['ensureTeam'], key: ['ensureKey'], revoke: ['removeKey'] },
  prepare: async (call, kind, name) =>
    kind === 'create' ? name : (await makeAccessKey(call, { name })).key.id,
  start: (call, kind, id) =>
    kind === 'create'
      ? call('POST', '/storage/access-keys', { name: id })
      : call('DELETE', `/storage/access-keys/${id}`),
  async succeeded(call, kind, id, { body }) {
    const { access_key: key } = (
      await call('GET', `/storage/access-keys/${kind === 'create' ? body.id : id}`)
    ).body;
    assert.equal(key.status, kind === 'create' ? 'active' : 'revoked');
  },
  async recover(call, kind, id, { body }) {
    const path = `/storage/access-keys/${kind === 'create' ? body.id : id}`;
    assert.equal((await call('GET', path)).body.access_key.status, 'error');
    assert.equal((await ended(call, await call('DELETE', path))).state, 'succeeded');
    assert.equal((await call('GET', path)).body.access_key.status, 'revoked');
  },
});
