import assert from 'node:assert/strict';
import { type Call, newVps } from '../../../test/client.ts';
import { waitFor } from '../../../test/harness.ts';
import { testOperationFaults } from '../../../test/workflow-faults.ts';
import { firewallWorkflows } from './workflow.ts';

const web = { name: 'web', direction: 'inbound', protocol: 'tcp', port: 443 };
const admin = { name: 'admin', direction: 'inbound', protocol: 'tcp', port: 22, source_ips: ['192.0.2.1'] };

async function isActive(call: Call, id: string): Promise<void> {
  await waitFor(
    'active',
    async () => (await call('GET', `/firewalls/${id}`)).body.firewall.status === 'active',
  );
}

async function createAttached(call: Call, name: string): Promise<string> {
  const vps = await call('POST', '/vps', newVps({ name }));
  assert.equal(vps.status, 201, JSON.stringify(vps.body));
  const { id } = vps.body.instance;
  await waitFor('running', async () => (await call('GET', `/vps/${id}`)).body.instance.status === 'running');
  const body = { name, rules: [web], attached_instances: [{ id, type: 'vps' }] };
  const created = await call('POST', '/firewalls', body);
  assert.equal(created.status, 201, JSON.stringify(created.body));
  await isActive(call, created.body.firewall.id);
  return created.body.firewall.id;
}

/** Detaches a firewall from everything, and deletes it. */
async function remove(call: Call, id: string): Promise<void> {
  const { firewall } = (await call('GET', `/firewalls/${id}`)).body;
  for (const instance of firewall.attached_instances) {
    const body = { instance_type: instance.type, instance_id: instance.id };
    const detached = await call('POST', `/firewalls/${id}/detach`, body);
    await waitFor(
      'the end of it',
      async () => (await call('GET', `/operations/${detached.body.operation_id}`)).body.data.terminal,
    );
  }
  assert.equal((await call('DELETE', `/firewalls/${id}`)).status, 200);
}

testOperationFaults({
  name: 'firewall',
  workflows: firewallWorkflows({} as Parameters<typeof firewallWorkflows>[0]),
  verbs: { apply: ['ensureFirewalls'] },
  prepare: (call, _kind, name) => createAttached(call, name),
  start: (call, _kind, id) => call('PUT', `/firewalls/${id}`, { rules: [web, admin] }),
  succeeded: (call, _kind, id) => isActive(call, id),
  recover: (call, _kind, id) => remove(call, id),
});
