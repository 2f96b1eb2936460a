/** Every write of the API tells what it does in the log of events, in its own transaction, or has a reason why not. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DataPlaneError } from '../src/dataplane/contract/errors.ts';
import { ROUTES, routeOf } from './api-client.ts';
import { type Answer, type Call, clientOf, newCache, newDatabase, newVps, takeSnapshot } from './client.ts';
import { customerOf, type Kind } from './customer.ts';
import { web } from './firewalls.ts';
import { createTeam, joinTeam, makeOperator, startTestApp, type TestApp, testConfig } from './harness.ts';
import { ended } from './operation-subject.ts';
import { createPerson } from './people.ts';
import { testKey } from './ssh-keys.ts';

const OF_ACCOUNT = 'It concerns an account, and events are of teams; the audit log and mails tell of it.';
const OF_INSTALL = 'It concerns the whole install, and no team.';
const OF_READER = 'What a member has read, and wants to be told, is nobody else’s concern.';
const ASKS = 'It changes nothing.';
const UPLOADS = 'The object is not there before the upload is complete, which has an event.';
const SENDS = 'The list of deliveries tells of it; an event of a delivery would be delivered.';

/** Writes without an event, with the reason. */
const SILENT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ROUTES.filter(({ path }) =>
      /^\/(auth|user\/(sessions|two-factor|passkeys|password|email|identities))\b/.test(path),
    ).map(({ operation }) => [operation.operationId, OF_ACCOUNT]),
  ),
  deleteAccount: 'Its teams are told that a member left; by itself it concerns an account.',
  deleteTeam: 'Nobody is left who could read it.',
  updateOperatorAccount: OF_ACCOUNT,
  disableAccount: OF_ACCOUNT,
  enableAccount: OF_ACCOUNT,
  endOperation: 'The worker ends the operation, and then it has the event of its failure.',
  updateOperatorPlan: OF_INSTALL,
  createAnnouncement: OF_INSTALL,
  deleteAnnouncement: OF_INSTALL,
  rebuildImage: OF_INSTALL,
  beginBucketUpload: UPLOADS,
  abortBucketUpload: UPLOADS,
  explainToken: ASKS,
  openVpsConsole: 'It changes nothing of the server; the audit log tells of its beginning and its end.',
  testFirewall: ASKS,
  testDatabaseConnection: ASKS,
  testCacheConnection: ASKS,
  testWebhookEndpoint: SENDS,
  redeliverFailedWebhooks: SENDS,
  redeliverWebhook: SENDS,
  markNotificationRead: OF_READER,
  markAllNotificationsRead: OF_READER,
  deleteNotification: OF_READER,
  updateNotificationPreferences: OF_READER,
  resetNotificationPreferences: OF_READER,
};

const WRITES = ROUTES.filter(({ method }) => !['GET', 'HEAD'].includes(method));

describe('every write that changes something for a team has an event', { concurrency: false }, () => {
  let test: TestApp;
  const told = new Set<string>();
  before(async () => {
    test = await startTestApp({
      config: testConfig({ DANUBE_WEBHOOK_TARGETS: 'any' }),
      still: ['instances', 'firewalls', 'buckets'],
    });
    await makeOperator(test.database, test.team);
  });
  after(() => test?.close());

  const clientWith =
    (token: string): Call =>
    (method, path, body) =>
      clientOf(test.app.url!, token)(method, path, body);
  const call: Call = (...request) => clientWith(test.team.token)(...request);
  const customer = customerOf(call);

  /** Sends a write that must be accepted, and looks for an event of its transaction. */
  async function tells(method: string, path: string, body?: unknown, by: Call = call): Promise<Answer> {
    const answer = await by(method, path, body);
    const where = `${method} ${path}`;
    assert.ok(answer.status < 300, `${where}: ${JSON.stringify(answer.body)}`);
    const { rows } = await test.database.pool.query(
      `select e.type from audit_entries a join events e on date_trunc('milliseconds', e.created_at) = a.created_at
       where a.request_id = $1`,
      [answer.headers.get('x-request-id')],
    );
    assert.ok(rows.length > 0, `${where} has no event`);
    told.add(routeOf(method, path)!.operation.operationId);
    return answer;
  }
  /** The same, and waits until its operation, if it has one, has succeeded. */
  const done = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await tells(method, path, body);
    return answer.body.operation_id ? customer.succeeds(Promise.resolve(answer)) : answer;
  };

  it('of the team and its tokens', async () => {
    await tells('POST', '/user/teams', { name: 'Other' });
    await tells('PUT', '/team', { name: 'Renamed' });
    const { id } = (await tells('POST', '/team/invitations', { role: 'viewer', email: null })).body
      .invitation;
    await tells('DELETE', `/team/invitations/${id}`);
    const other = await createTeam(test.database);
    const { code } = (await tells('POST', '/team/invitations', { role: 'viewer', email: null })).body;
    const asOther = clientWith(other.token);
    await tells('POST', '/user/invitations/accept', { code }, asOther);
    await tells('PUT', `/team/members/${other.accountId}`, { role: 'editor' });
    await tells('DELETE', `/user/teams/${test.team.teamId}`, undefined, asOther);
    const asMember = clientWith(await joinTeam(test.database, other.accountId, test.team.teamId));
    await tells('POST', '/team/transfer', { account: other.accountId });
    await tells('POST', '/team/transfer', { account: test.team.accountId }, asMember);
    await tells('DELETE', `/team/members/${other.accountId}`);
    await tells('PUT', `/operator/teams/${test.team.teamId}`, {
      quotas: { vps: 100, database: 100, cache: 100 },
    });
    const left = await createTeam(test.database);
    await test.database.pool.query('update users set disabled_at = now() where id = $1', [left.accountId]);
    await tells('POST', `/operator/teams/${left.teamId}/transfer`, {
      account: (await createPerson(test.database)).accountId,
    });
    const made = await tells('POST', '/user/tokens', { name: 'ci', scopes: ['vps:read'] });
    await tells('DELETE', `/user/tokens/${made.body.token.id}`);
    const another = await tells('POST', '/user/tokens', { name: 'cd', scopes: ['vps:read'] });
    await tells('DELETE', `/team/tokens/${another.body.token.id}`);
  });

  it('of keys, parameter groups, webhooks and access keys', async () => {
    const key = await tells('POST', '/ssh-keys', { name: 'laptop', public_key: testKey(1) });
    await tells('DELETE', `/ssh-keys/${key.body.key.id}`);
    const group = { name: 'group', type: 'cache', provider_type: 'valkey', parameters: {} };
    const { id } = (await tells('POST', '/parameter-groups', group)).body.parameter_group;
    await tells('PUT', `/parameter-groups/${id}`, { name: 'other' });
    await tells('POST', `/parameter-groups/${id}/clone`, {});
    await tells('DELETE', `/parameter-groups/${id}`);
    const url = 'https://hooks.example.org/danube';
    await tells('PUT', '/webhooks/config', { webhook_url: url });
    await tells('POST', '/webhooks/config/regenerate-secret');
    const endpoint = (await tells('POST', '/webhooks/endpoints', { name: 'bot', url })).body.endpoint.id;
    await tells('PUT', `/webhooks/endpoints/${endpoint}`, { enabled: false });
    await tells('POST', `/webhooks/endpoints/${endpoint}/regenerate-secret`);
    await tells('DELETE', `/webhooks/endpoints/${endpoint}`);
    const access = await done('POST', '/storage/access-keys', { name: 'backups', scope: 'team' });
    await done('DELETE', `/storage/access-keys/${access.body.id}`);
    const bucket = await done('POST', '/storage/buckets', { name: 'photos', region: 'fsn1' });
    await done('PUT', `/storage/buckets/${bucket.body.bucket.id}`, { versioning_enabled: true });
    await tellsOfObjects(`/storage/buckets/${bucket.body.bucket.id}/objects`);
    await done('DELETE', `/storage/buckets/${bucket.body.bucket.id}`);
  });

  async function tellsOfObjects(objects: string): Promise<void> {
    const sent = { 'content-type': 'application/octet-stream' };
    await tells('PUT', `${objects}/content?key=one`, undefined, (method, path, body) =>
      call(method, path, body, sent),
    );
    const { upload_id } = (await call('POST', `${objects}/uploads`, { key: 'two' })).body;
    const part = `${objects}/content?key=two&upload_id=${upload_id}&part_number=1`;
    const { etag } = (await call('PUT', part, undefined, sent)).body;
    await tells('POST', `${objects}/uploads/complete`, {
      key: 'two',
      upload_id,
      parts: [{ part_number: 1, etag }],
    });
    await tells('POST', `${objects}/delete`, { keys: ['one', 'two'] });
  }

  it('of servers, their alerts and firewalls', async () => {
    const { id } = (await done('POST', '/vps', newVps())).body.instance;
    const alert = {
      resource_type: 'vps',
      resource_id: id,
      metric_type: 'cpu_usage',
      comparison_operator: 'gt',
      threshold_value: 90,
    };
    const watch = (await tells('POST', '/metric-alerts', alert)).body.alert.id;
    await tells('PUT', `/metric-alerts/${watch}`, { threshold_value: 80 });
    await tells('PATCH', `/metric-alerts/${watch}/toggle`);
    await tells('DELETE', `/metric-alerts/${watch}`);
    const firewall = (await tells('POST', '/firewalls', { name: 'web', rules: [web] })).body.firewall.id;
    const instance = { instance_type: 'vps', instance_id: id };
    await done('POST', `/firewalls/${firewall}/attach`, instance);
    await done('PUT', `/firewalls/${firewall}`, { rules: [{ ...web, port: 8443 }] });
    await done('POST', `/firewalls/${firewall}/deploy`, { confirm_within: 600 });
    await tells('POST', `/firewalls/${firewall}/confirm`);
    await done('POST', `/firewalls/${firewall}/detach`, instance);
    await done('DELETE', `/firewalls/${firewall}`);
    await done('PUT', `/vps/${id}`, { resource_profile: 'micro_shared' });
    test.plane.faults.failNext('ensureStopped', new DataPlaneError('failed', 'It does not stop.'));
    const failed = await tells('POST', `/vps/${id}/stop`);
    assert.equal((await ended(call, failed)).state, 'failed');
    await done('POST', `/operator/operations/${failed.body.operation_id}/retry`);
    await done('POST', `/vps/${id}/start`);
    await done('POST', `/vps/${id}/reboot`);
    await done('POST', `/vps/${id}/reinstall`, { image: 'debian-12', password: 'correct horse battery' });
    await tellsOfSnapshots('vps', id);
    await done('POST', `/vps/${id}/stop`);
    await done('DELETE', `/vps/${id}`);
  });

  for (const kind of ['database', 'cache'] as const) {
    it(`of a ${kind}`, async () => {
      const body = kind === 'database' ? newDatabase() : newCache();
      const { id } = (await done('POST', `/${kind}`, body)).body.instance;
      await done('PUT', `/${kind}/${id}`, { resource_profile: 'small' });
      await done('POST', `/${kind}/${id}/credentials/rotate`, {});
      await done('POST', `/${kind}/${id}/dns`);
      await done('DELETE', `/${kind}/${id}/dns`);
      await done('POST', `/${kind}/${id}/force-stop`);
      await done('POST', `/${kind}/${id}/start`);
      await done('POST', `/${kind}/${id}/stop`);
      await done('POST', `/${kind}/${id}/start`);
      await tellsOfSnapshots(kind, id);
      await done('POST', `/${kind}/${id}/stop`);
      await done('DELETE', `/${kind}/${id}`);
    });
  }

  async function tellsOfSnapshots(kind: Kind, id: string): Promise<void> {
    await tells('POST', `/snapshots/${kind}`, { [`${kind}_instance_id`]: id, name: 'first' });
    const snapshot = await takeSnapshot(call, kind, id);
    const path = `/snapshots/${kind}/${snapshot}`;
    await done('POST', `${path}/verify`);
    await done('POST', `${path}/restore`);
    if (kind !== 'vps') await done('POST', `${path}/clone`, { name: 'copy' });
    await done('DELETE', path);
  }

  it('of all others, there is a reason', () => {
    const names = WRITES.map(({ operation }) => operation.operationId);
    const missing = names.filter((name) => !told.has(name) && SILENT[name] === undefined);
    assert.deepEqual(missing, [], 'writes without an event or a reason');
    const superfluous = names.filter((name) => told.has(name) && SILENT[name] !== undefined);
    assert.deepEqual(superfluous, [], 'writes with an event and a reason why not');
  });
});
