import { newDatabase } from '../../../test/client.ts';
import { testWorkflowFaults } from '../../../test/workflow-faults.ts';
import { dataServiceWorkflows } from './workflow.ts';

/** Databases stand for caches too: both run the same workflows. */
testWorkflowFaults({
  name: 'database',
  path: '/database',
  workflows: dataServiceWorkflows({ database: {} } as Parameters<typeof dataServiceWorkflows>[0]),
  verbs: {
    network: ['ensureTenant', 'ensureFirewalls'],
    'create image': ['describeInstance', 'ensureImage'],
    // The instance is there, and so its image is not needed.
    'start image': ['describeInstance'],
    instance: ['ensureInstance'],
    ready: ['waitForService'],
    halt: ['ensureStopped'],
    settings: ['ensureSettings', 'ensureFiles'],
    ports: ['describeInstance', 'ensureSettings'],
    apply: ['control'],
    stop: ['ensureStopped'],
    kill: ['ensureStopped'],
    remove: ['removeInstance'],
    firewalls: ['ensureFirewalls'],
  },
  cases: {
    create: { from: 'none', to: 'running' },
    start: { from: 'stopped', to: 'running' },
    stop: { from: 'running', to: 'stopped' },
    'force-stop': { from: 'running', to: 'stopped' },
    update: { from: 'running', to: 'running' },
    publish: { from: 'running', to: 'running' },
    delete: { from: 'stopped', to: 'gone' },
  },
  newBody: (name) => newDatabase({ name }),
  request: (call, kind, id) =>
    kind === 'update'
      ? call('PUT', `/database/${id}`, { resource_profile: 'small' })
      : call('POST', `/database/${id}/${kind === 'publish' ? 'dns' : kind}`),
});
