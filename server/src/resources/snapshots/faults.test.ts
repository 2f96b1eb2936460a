import assert from 'node:assert/strict';
import { type Call, newDatabase, takeSnapshot } from '../../../test/client.ts';
import { waitFor } from '../../../test/harness.ts';
import { testOperationFaults } from '../../../test/workflow-faults.ts';
import { managedServiceWorkflows } from '../managed-services/workflow.ts';
import { snapshotWorkflows } from './workflow.ts';

const isRunning = async (call: Call, id: string) =>
  (await call('GET', `/database/${id}`)).body.instance?.status === 'running';

const isGone = (call: Call, path: string) =>
  waitFor(`${path} to be gone`, async () => (await call('GET', path)).status === 404);

/** Tests databases only, as servers and caches use the same workflows. A clone is a creation with a snapshot. */
testOperationFaults({
  name: 'snapshot',
  workflows: {
    ...snapshotWorkflows({ database: {} } as Parameters<typeof snapshotWorkflows>[0]),
    clone: managedServiceWorkflows({ database: {} } as Parameters<typeof managedServiceWorkflows>[0]).create,
  },
  verbs: {
    'delete remove': ['removeSnapshot'],
    'verify image': ['ensureImage'],
    'verify restore': [
      'describeCapacity',
      'ensureTenant',
      'removeInstance',
      'removeVolume',
      'ensureVolume',
      'ensureInstance',
      'waitForService',
    ],
    'verify check': ['control'],
    'verify remove': ['removeInstance', 'removeVolume'],
    'clone network': ['ensureTenant'],
    'clone image': ['describeInstance', 'ensureImage'],
    'clone instance': ['describeCapacity', 'ensureVolume', 'ensureInstance'],
    'clone ready': ['waitForService'],
  },
  async prepare(call, _kind, name) {
    const created = await call('POST', '/database', newDatabase({ name }));
    assert.equal(created.status, 201, JSON.stringify(created.body));
    const { id } = created.body.instance;
    await waitFor('the database to run', () => isRunning(call, id));
    return String(await takeSnapshot(call, 'database', id));
  },
  start(call, kind, id) {
    const path = `/snapshots/database/${id}`;
    if (kind === 'delete') return call('DELETE', path);
    return call('POST', `${path}/${kind}`, kind === 'clone' ? { name: `copy-${id}` } : undefined);
  },
  async succeeded(call, kind, id, answer) {
    const path = `/snapshots/database/${id}`;
    if (kind === 'delete') return void (await isGone(call, path));
    if (kind === 'clone') {
      return void (await waitFor('the clone to run', () => isRunning(call, answer.body.instance.id)));
    }
    const { snapshot } = (await call('GET', path)).body;
    assert.equal(snapshot.verification.ok, true);
    assert.ok(snapshot.verification.seconds_to_restore >= 0);
  },
  async recover(call, kind, id, answer) {
    const path = `/snapshots/database/${id}`;
    const { snapshot } = (await call('GET', path)).body;
    if (kind === 'delete') {
      assert.deepEqual([snapshot.status, snapshot.error.message], ['failed', 'The host refused.']);
    }
    if (kind === 'verify') {
      const { ok, message } = snapshot.verification;
      assert.deepEqual([snapshot.status, ok, message], ['ready', false, 'The host refused.']);
    }
    if (kind === 'clone') {
      const clone = `/database/${answer.body.instance.id}`;
      // Starting a failed clone creates it from the snapshot, as intended, and not as an empty database.
      assert.equal((await call('POST', `${clone}/start`)).status, 200);
      await waitFor('the clone to run', () => isRunning(call, answer.body.instance.id));
    }
    const deleted = await call('DELETE', path);
    assert.equal(deleted.status, 200, JSON.stringify(deleted.body));
    await isGone(call, path);
  },
});
