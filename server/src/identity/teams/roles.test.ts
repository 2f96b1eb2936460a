import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import {
  createTeam,
  issueToken,
  joinTeam,
  startTestApp,
  type TestApp,
  waitFor,
} from '../../../test/harness.ts';
import { testKey } from '../../../test/ssh-keys.ts';
import { ROLES, SCOPES, scopesOfRole } from '../../http/scopes.ts';

describe('roles', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, null);
  });
  after(() => test?.close());

  const newKey = (number: number) => ({ body: { name: `key ${number}`, public_key: testKey(number) } });

  it('have what those below them have, and more', () => {
    for (const [index, role] of ROLES.entries()) {
      const below = ROLES[index - 1];
      if (below)
        assert.deepEqual(
          [...scopesOfRole(below)].filter((one) => !scopesOfRole(role).has(one)),
          [],
        );
    }
    const of = (role: (typeof ROLES)[number]) => SCOPES.filter((one) => scopesOfRole(role).has(one));
    assert.ok(of('viewer').every((scope) => scope.endsWith(':read')));
    assert.ok(of('viewer').includes('vps:read'));
    assert.ok(of('editor').includes('vps:write') && !of('editor').includes('vps:delete'));
    assert.ok(of('admin').includes('vps:delete'));
  });

  it('bound what a token may do in the team, whatever its scopes', async () => {
    const member = await createTeam(test.database);
    const viewer = await joinTeam(test.database, member.accountId, test.team.teamId, 'viewer');
    assert.equal((await call('GET', '/ssh-keys', { token: viewer })).status, 200);
    const refused = await call('POST', '/ssh-keys', { token: viewer, ...newKey(1) });
    assert.equal(refused.status, 403);
    assert.equal(refused.body.required_scope, 'ssh-key:write');
    assert.equal(refused.body.role, 'viewer');
    assert.match(refused.body.message, /Your role in this team, viewer,.*editors, admins and owners have it/);
    // In its own team, the same account may.
    const own = { token: viewer, headers: { 'x-team-id': String(member.teamId) } };
    assert.equal((await call('POST', '/ssh-keys', { ...own, ...newKey(1) })).status, 201);
  });

  it('do not give a token what it lacks', async () => {
    const token = await issueToken(test.database.db, test.team, ['ssh-key:read']);
    const refused = await call('POST', '/ssh-keys', { token, ...newKey(2) });
    assert.equal(refused.status, 403);
    assert.equal(refused.body.role, undefined);
    assert.match(refused.body.message, /token does not have/);
  });

  it('count within seconds of a change', async () => {
    const member = await createTeam(test.database);
    const token = await joinTeam(test.database, member.accountId, test.team.teamId, 'editor');
    const { body } = await call('POST', '/ssh-keys', { token, ...newKey(3) });
    const path = `/ssh-keys/${body.key.id}`;
    assert.equal((await call('DELETE', path, { token })).status, 403);
    const setRole = (role: string) =>
      test.database.db
        .updateTable('team_members')
        .set({ role })
        .where('user_id', '=', member.accountId)
        .where('team_id', '=', test.team.teamId)
        .execute();
    await setRole('admin');
    await waitFor('the deletion', async () => (await call('DELETE', path, { token })).status === 200);
  });
});
