import assert from 'node:assert/strict';
import { makeAccessKey, makeBucket } from '../../../test/object-storage.ts';
import { ended } from '../../../test/operation-subject.ts';
import { testOperationFaults } from '../../../test/workflow-faults.ts';
import { bucketWorkflows } from './workflow.ts';

testOperationFaults({
  name: 'bucket',
  workflows: bucketWorkflows({ database: {} } as Parameters<typeof bucketWorkflows>[0]),
  verbs: {
    store: ['ensureReady'],
    team: ['ensureTeam'],
    bucket: ['ensureBucket'],
    settings: ['describeBucket', 'ensureBucket'],
    empty: ['emptyBucket'],
    remove: ['removeBucket'],
    keys: ['ensureKey'],
  },
  async prepare(call, kind, name) {
    if (kind === 'create') return name;
    const { id } = await makeBucket(call, name);
    // A deletion takes the permissions of keys away.
    const bucket_permissions = [{ bucket_id: id, level: 'readwrite' }];
    await makeAccessKey(call, { scope: 'buckets', bucket_permissions });
    return id;
  },
  start(call, kind, id) {
    if (kind === 'create') return call('POST', '/storage/buckets', { name: id, public_access: true });
    if (kind === 'delete') return call('DELETE', `/storage/buckets/${id}?force=true`);
    return call('PUT', `/storage/buckets/${id}`, {
      public_access: true,
      tags: ['a=1'],
      versioning_enabled: true,
    });
  },
  async succeeded(call, kind, id, { body }) {
    const { status, body: shown } = await call(
      'GET',
      `/storage/buckets/${kind === 'create' ? body.bucket.id : id}`,
    );
    if (kind === 'delete') assert.equal(status, 404);
    else assert.deepEqual([shown.bucket.status, shown.bucket.public_access], ['active', true]);
  },
  async recover(call, kind, id, { body }) {
    const path = `/storage/buckets/${kind === 'create' ? body.bucket.id : id}`;
    const { bucket } = (await call('GET', path)).body;
    // A failed update leaves the bucket as it was.
    if (kind === 'update')
      assert.deepEqual([bucket.status, bucket.public_access, bucket.tags], ['active', false, null]);
    else assert.equal(bucket.status, 'error');
    assert.equal((await ended(call, await call('DELETE', path))).state, 'succeeded');
    assert.equal((await call('GET', path)).status, 404);
  },
});
