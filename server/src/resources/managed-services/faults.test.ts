import { newDatabase } from '../../../test/client.ts';
import { testWorkflowFaults } from '../../../test/workflow-faults.ts';
import { managedServiceWorkflows } from './workflow.ts';

/** Tests databases only: caches run the same workflows. */
testWorkflowFaults({
  name: 'database',
  kind: 'database',
  workflows: managedServiceWorkflows({ database: {} } as Parameters<typeof managedServiceWorkflows>[0]),
  verbs: {
    network: ['ensureTenant', 'ensureFirewalls'],
    'create image': ['describeInstance', 'ensureImage'],
    // The instance exists, so its image is not needed.
    'start image': ['describeInstance'],
    instance: ['ensureVolume', 'ensureInstance'],
    ready: ['waitForService'],
    // It is stopped already.
    halt: ['describeInstance'],
    settings: ['ensureVolume', 'ensureSettings', 'ensureFiles'],
    ports: ['describeInstance', 'ensureSettings'],
    apply: ['control'],
    stop: ['ensureStopped'],
    kill: ['ensureStopped'],
    remove: ['removeInstance', 'removeVolume'],
    firewalls: ['ensureFirewalls'],
    'restore image': ['ensureImage'],
    'restore instance': [
      'describeVolume',
      'describeSnapshot',
      'removeInstance',
      'ensureVolume',
      'ensureInstance',
    ],
    snapshot: ['describeCapacity', 'ensureSnapshot', 'describeSnapshot'],
    'restore halt': ['describeInstance', 'ensureStopped'],
    keep: ['describeInstance', 'ensureSnapshot', 'describeSnapshot'],
    snapshots: ['removeSnapshot'],
  },
  cases: {
    create: { from: 'none', to: 'running' },
    start: { from: 'stopped', to: 'running' },
    stop: { from: 'running', to: 'stopped' },
    'force-stop': { from: 'running', to: 'stopped' },
    update: { from: 'running', to: 'running' },
    rotate: { from: 'running', to: 'running' },
    publish: { from: 'running', to: 'running' },
    snapshot: { from: 'running', to: 'running' },
    // It runs afterwards, regardless of its state before.
    restore: { from: 'stopped', to: 'running' },
    delete: { from: 'stopped', to: 'gone' },
  },
  newBody: (name) => newDatabase({ name }),
  request(call, kind, id) {
    if (kind === 'update') return call('PUT', `/database/${id}`, { resource_profile: 'small' });
    if (kind === 'rotate') return call('POST', `/database/${id}/credentials/rotate`);
    return call('POST', `/database/${id}/${kind === 'publish' ? 'dns' : kind}`);
  },
});
