import { newVps } from '../../../test/client.ts';
import { testWorkflowFaults } from '../../../test/workflow-faults.ts';
import { vpsWorkflows } from './workflow.ts';

testWorkflowFaults({
  name: 'VPS',
  kind: 'vps',
  workflows: vpsWorkflows({ database: {} } as Parameters<typeof vpsWorkflows>[0]),
  verbs: {
    network: ['ensureTenant', 'ensureFirewalls'],
    image: ['ensureImage'],
    instance: ['ensureInstance'],
    ssh: ['waitForSsh'],
    start: ['ensureRunning'],
    stop: ['ensureStopped'],
    settings: ['ensureSettings'],
    remove: ['removeInstance'],
    firewalls: ['ensureFirewalls'],
    snapshot: ['describeCapacity', 'ensureSnapshot', 'describeSnapshot'],
    halt: ['describeCapacity', 'describeInstance', 'ensureStopped'],
    keep: ['describeInstance', 'ensureSnapshot', 'describeSnapshot'],
    snapshots: ['removeSnapshot'],
  },
  cases: {
    create: { from: 'none', to: 'running' },
    start: { from: 'stopped', to: 'running' },
    stop: { from: 'running', to: 'stopped' },
    reboot: { from: 'running', to: 'running' },
    reinstall: { from: 'running', to: 'running' },
    update: { from: 'running', to: 'running' },
    snapshot: { from: 'running', to: 'running' },
    restore: { from: 'running', to: 'running' },
    delete: { from: 'stopped', to: 'gone' },
  },
  newBody: (name) => newVps({ name }),
  request(call, kind, id) {
    if (kind === 'update') return call('PUT', `/vps/${id}`, { resource_profile: 'small_shared' });
    return call('POST', `/vps/${id}/${kind}`, kind === 'reinstall' ? { image: 'debian-13' } : undefined);
  },
});
