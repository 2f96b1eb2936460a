import { newVps, takeSnapshot } from '../../../test/client.ts';
import { testWorkflowFaults } from '../../../test/workflow-faults.ts';
import { vpsWorkflows } from './workflow.ts';

testWorkflowFaults({
  name: 'VPS',
  path: '/vps',
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
  async equip(call, kind, id) {
    if (kind === 'restore' || kind === 'delete') await takeSnapshot(call, 'vps', id);
  },
  async request(call, kind, id) {
    switch (kind) {
      case 'update':
        return call('PUT', `/vps/${id}`, { resource_profile: 'small_shared' });
      case 'snapshot':
        return call('POST', '/snapshots/vps', { vps_instance_id: id, name: 'taken' });
      case 'restore': {
        const { data } = (await call('GET', `/snapshots/vps?vps_instance_id=${id}`)).body;
        return call('POST', `/snapshots/vps/${data[0].id}/restore`);
      }
      default:
        return call('POST', `/vps/${id}/${kind}`, kind === 'reinstall' ? { image: 'debian-13' } : undefined);
    }
  },
});
