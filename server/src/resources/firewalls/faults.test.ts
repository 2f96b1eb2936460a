import assert from 'node:assert/strict';
import { newVps } from '../../../test/client.ts';
import { waitFor } from '../../../test/harness.ts';
import { testWorkflowFaults } from '../../../test/workflow-faults.ts';
import { firewallWorkflows } from './workflow.ts';

const web = { name: 'web', direction: 'inbound', protocol: 'tcp', port: 443 };
const admin = { name: 'admin', direction: 'inbound', protocol: 'tcp', port: 22, source_ips: ['192.0.2.1'] };

testWorkflowFaults({
  name: 'firewall',
  path: '/firewalls',
  workflows: firewallWorkflows({} as Parameters<typeof firewallWorkflows>[0]),
  verbs: { apply: ['ensureFirewalls'] },
  cases: { apply: { from: 'active', to: 'active' } },
  newBody: (name) => ({ name, rules: [web] }),
  request: (call, _kind, id) => call('PUT', `/firewalls/${id}`, { rules: [web, admin] }),
  other: {
    async prepare(call, name) {
      const vps = await call('POST', '/vps', newVps({ name }));
      assert.equal(vps.status, 201, JSON.stringify(vps.body));
      const { id } = vps.body.instance;
      await waitFor(
        'running',
        async () => (await call('GET', `/vps/${id}`)).body.instance.status === 'running',
      );
      const created = await call('POST', '/firewalls', {
        name,
        rules: [web],
        attached_instances: [{ id, type: 'vps' }],
      });
      assert.equal(created.status, 201, JSON.stringify(created.body));
      const firewall = created.body.firewall.id;
      await waitFor('active', async () => (await this.state(call, firewall)) === 'active');
      return firewall;
    },
    async state(call, id) {
      const answer = await call('GET', `/firewalls/${id}`);
      return answer.status === 404 ? 'gone' : answer.body.firewall.status;
    },
    async remove(call, id) {
      const { firewall } = (await call('GET', `/firewalls/${id}`)).body;
      for (const instance of firewall.attached_instances) {
        const body = { instance_type: instance.type, instance_id: instance.id };
        const detached = await call('POST', `/firewalls/${id}/detach`, body);
        await waitFor('the end of it', async () => {
          const operation = await call('GET', `/operations/${detached.body.operation_id}`);
          return operation.body.data.terminal;
        });
      }
      assert.equal((await call('DELETE', `/firewalls/${id}`)).status, 200);
    },
  },
});
