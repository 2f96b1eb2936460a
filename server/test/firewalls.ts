import assert from 'node:assert/strict';
import type { Policies } from '../src/lib/packet-filter/policy.ts';
import { firewallReconciler } from '../src/resources/firewalls/reconcilers.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { newVps } from './client.ts';
import { findInconsistencies } from './faults.ts';
import { createTeam, type TestApp, waitFor } from './harness.ts';

/** A rule that allows HTTPS. */
export const web = { direction: 'inbound', protocol: 'tcp', port: 443 };

/** {@link web} in the format of the packet filter, without its id. */
export const ALLOW_HTTPS = {
  direction: 'inbound',
  action: 'allow',
  protocol: 'tcp',
  ports: { first: 443, last: 443 },
  peers: null,
};

/** The rules of an instance, without their ids. */
export const plain = (policies: Policies | undefined) =>
  policies?.map((policy) => policy.map(({ id: _, ...rule }) => rule));

export const attachment = (instance_id: string, instance_type = 'vps') => ({ instance_type, instance_id });

/** Stops automatic passes of the reconciler, which could run into failures that a test injects once. */
export const FIREWALLS_STILL = { still: ['firewalls'] } as const;

/** Runs one pass of the reconciler. */
export const reconcileFirewalls = ({ database, plane }: TestApp): Promise<void> =>
  firewallReconciler(database, plane).run();

export type FirewallTeam = Awaited<ReturnType<typeof createFirewallTeam>>;

/** A new team on the simulated data plane, with helpers for tests of firewalls. */
export async function createFirewallTeam(test: TestApp) {
  const { teamId, token } = await createTeam(test.database);
  const call: ApiClient = createApiClient(test.app.http, token);
  await test.database.pool.query(`update teams set quotas = '{"vps": 30}' where id = $1`, [teamId]);
  const requests = requestsOf(call);
  const { made, done } = requests;
  return {
    teamId,
    call,
    ...requests,
    server: (name = 'web-1') => made('/vps', newVps({ name })),
    show: async (id: string) => (await call('GET', `/firewalls/${id}`)).body.firewall,
    create: async (body: object = {}): Promise<string> =>
      (await done('POST', '/firewalls', { name: 'web', rules: [web], ...body })).firewall.id,
    async deleteServer(id: string): Promise<void> {
      await done('POST', `/vps/${id}/stop`);
      await call('DELETE', `/vps/${id}`);
      await waitFor('404', async () => (await call('GET', `/vps/${id}`)).status === 404);
    },
    /** The policies in force for an instance. */
    policiesOf: (instance: string, type = 'vps'): Policies | undefined =>
      test.plane.firewallsOf(teamId).find(({ ref }) => ref.name === `${type}-${instance}`)?.policies,
    /** The default firewall of an instance. */
    defaultOf: async (instance: string) =>
      (await call('GET', '/firewalls?per_page=100')).body.data.find(
        (one: { is_default: boolean; attached_instances: { id: string }[] }) =>
          one.is_default && one.attached_instances.some(({ id }) => id === instance),
      ),
    consistent: async () => assert.deepEqual(await findInconsistencies(test.database, test.plane), []),
  };
}

/** Requests of a team, and what becomes of them. */
function requestsOf(call: ApiClient) {
  /** Creates an instance and waits until it is running; returns its id. */
  async function made(path: string, body: object): Promise<string> {
    const { status, body: answer } = await call('POST', path, { body });
    assert.equal(status, 201, JSON.stringify(answer));
    const { id } = answer.instance;
    await waitFor(
      'running',
      async () => (await call('GET', `${path}/${id}`)).body.instance.status === 'running',
    );
    return id;
  }

  const ended = (operation: string) =>
    waitFor('the operation to end', async () => {
      const { data } = (await call('GET', `/operations/${operation}`)).body;
      return data.terminal && data;
    });

  /** Sends a request that must be accepted, and waits for its operation. */
  async function done(method: string, path: string, body: object = {}) {
    const answer = await call(method, path, { body });
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    if (answer.body.operation_id) await ended(answer.body.operation_id);
    return answer.body;
  }

  /** Sends a request that must be rejected; returns the error messages by field. */
  async function refused(method: string, path: string, body: object): Promise<Record<string, string[]>> {
    const answer = await call(method, path, { body });
    assert.equal(answer.status, 422, JSON.stringify(answer.body));
    return answer.body.errors;
  }

  return { made, ended, done, refused };
}
