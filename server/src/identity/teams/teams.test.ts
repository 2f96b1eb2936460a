import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import {
  createTeam,
  joinTeam,
  openSession,
  startTestApp,
  type TestApp,
  type TestTeam,
  waitFor,
} from '../../../test/harness.ts';
import { testKey } from '../../../test/ssh-keys.ts';

describe('teams', () => {
  let test: TestApp;
  let call: ApiClient;
  let owner: TestTeam;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, null);
    owner = test.team;
  });
  after(() => test?.close());

  const inTeam = (token: string, teamId: number) => ({ token, headers: { 'x-team-id': String(teamId) } });
  const newTeam = async (name: string) =>
    (await call('POST', '/user/teams', { token: owner.token, body: { name } })).body.team;
  const invite = (teamId: number, body: object, token = owner.token) =>
    call('POST', '/team/invitations', { ...inTeam(token, teamId), body });
  const accept = (token: string, code: string) =>
    call('POST', '/user/invitations/accept', { token, body: { code } });

  it('are created, renamed and deleted, five of an account', async () => {
    const account = await createTeam(test.database);
    const create = (name: string) => call('POST', '/user/teams', { token: account.token, body: { name } });
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(create));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 201, 201, 422, 422]);
    const refused = answers.find(({ status }) => status === 422)!;
    assert.deepEqual([refused.body.quota, refused.body.limit, refused.body.used], ['team', 5, 5]);
    const { team } = answers.find(({ status }) => status === 201)!.body;
    await waitFor(
      'the new team',
      async () => (await call('GET', '/team', inTeam(account.token, team.id))).status === 200,
    );
    const renamed = await call('PUT', '/team', { ...inTeam(account.token, team.id), body: { name: 'Shop' } });
    assert.equal(renamed.body.team.name, 'Shop');
    const remove = (confirm: string) =>
      call('POST', '/team/delete', { ...inTeam(account.token, team.id), body: { confirm } });
    assert.equal((await remove('Other')).status, 422);
    const key = { name: 'laptop', public_key: testKey(1) };
    const { body } = await call('POST', '/ssh-keys', { ...inTeam(account.token, team.id), body: key });
    const inUse = await remove('Shop');
    assert.match(inUse.body.message, /still has: 1 ssh key/);
    await call('DELETE', `/ssh-keys/${body.key.id}`, inTeam(account.token, team.id));
    assert.equal((await remove('Shop')).status, 200);
    assert.equal((await create('again')).status, 201);
    await waitFor(
      'its end',
      async () => (await call('GET', '/team', inTeam(account.token, team.id))).status === 403,
    );
  });

  it('are five of an account, also with those that were handed over to it', async () => {
    const account = await createTeam(test.database);
    for (let count = 1; count < 5; count += 1) {
      const other = await createTeam(test.database);
      await joinTeam(test.database, account.accountId, other.teamId, 'viewer');
      const body = { account: account.accountId };
      assert.equal((await call('POST', '/team/transfer', { token: other.token, body })).status, 200);
    }
    const sixth = await createTeam(test.database);
    await joinTeam(test.database, account.accountId, sixth.teamId, 'viewer');
    const toOwner = { token: sixth.token, body: { role: 'owner' } };
    const refused = await call('PUT', `/team/members/${account.accountId}`, toOwner);
    assert.deepEqual([refused.status, refused.body.quota, refused.body.used], [422, 'team', 5]);
    const another = await createTeam(test.database);
    const { body } = await invite(another.teamId, { role: 'owner' }, another.token);
    assert.equal((await accept(account.token, body.code)).body.code, 'quota_exceeded');
    await test.database.pool.query('update users set team_limit = 6 where id = $1', [account.accountId]);
    assert.equal((await accept(account.token, body.code)).status, 200, 'the invitation was not used up');
  });

  it('are deleted in a session by who has just given the password', async () => {
    const session = await openSession(test.database, owner);
    await test.database.pool.query(`update sessions set proved_at = now() - interval '1 hour'`);
    const refused = await call('POST', '/team/delete', { session, body: { confirm: 'x' } });
    assert.equal(refused.body.code, 'proof_required');
  });

  it('invite by a link that can be used once, also by two at once', async () => {
    const { id } = await newTeam('Once');
    await waitFor(
      'the team',
      async () => (await call('GET', '/team', inTeam(owner.token, id))).status === 200,
    );
    const { body } = await invite(id, { role: 'editor' });
    assert.equal(body.invitation.email, null);
    assert.ok(body.url.endsWith(`#${body.code}`));
    const [a, b] = [await createTeam(test.database), await createTeam(test.database)];
    const answers = await Promise.all([accept(a.token, body.code), accept(b.token, body.code)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 404]);
    assert.equal(answers.find(({ status }) => status === 200)!.body.role, 'editor');
    assert.equal((await accept(a.token, body.code)).status, 404);
    const { data } = (await call('GET', '/team/members', inTeam(owner.token, id))).body;
    assert.deepEqual(
      data.map(({ role }: { role: string }) => role),
      ['owner', 'editor'],
    );
  });

  it('invite until a day, and can withdraw', async () => {
    const { body } = await invite(owner.teamId, { role: 'viewer', expires_in_days: 1 });
    await test.database.pool.query(`update team_invitations set expires_at = now() where id = $1`, [
      body.invitation.id,
    ]);
    const { token } = await createTeam(test.database);
    assert.equal((await accept(token, body.code)).status, 404);
    const second = (await invite(owner.teamId, { role: 'viewer' })).body;
    const path = `/team/invitations/${second.invitation.id}`;
    assert.equal((await call('DELETE', path, { token: owner.token })).status, 200);
    assert.equal((await accept(token, second.code)).status, 404);
    assert.deepEqual((await call('GET', '/team/invitations', { token: owner.token })).body.data, []);
  });

  it('invite by e-mail only where mail is sent, and then the address decides', async () => {
    const refused = await invite(owner.teamId, { role: 'viewer', email: 'grace@example.org' });
    assert.equal(refused.body.code, 'not_available');
    const { body } = await invite(owner.teamId, { role: 'viewer' });
    await test.database.pool.query(`update team_invitations set email = 'Grace@Example.org' where id = $1`, [
      body.invitation.id,
    ]);
    const [other, grace] = [await createTeam(test.database), await createTeam(test.database)];
    await test.database.pool.query(`update users set email = 'grace@example.org' where id = $1`, [
      grace.accountId,
    ]);
    assert.equal((await accept(other.token, body.code)).status, 404);
    assert.equal((await accept(grace.token, body.code)).status, 200);
    const twice = (await invite(owner.teamId, { role: 'admin' })).body;
    const again = await accept(grace.token, twice.code);
    assert.equal(again.body.code, 'invalid_state', 'a member already');
  });

  it('have ten members at most, with those that are invited', async () => {
    const { id } = await newTeam('Ten');
    await waitFor(
      'the team',
      async () => (await call('GET', '/team', inTeam(owner.token, id))).status === 200,
    );
    const answers = await Promise.all(Array.from({ length: 11 }, () => invite(id, { role: 'viewer' })));
    assert.equal(answers.filter(({ status }) => status === 201).length, 9);
    const refused = answers.find(({ status }) => status === 422)!;
    assert.deepEqual([refused.body.quota, refused.body.limit, refused.body.used], ['member', 10, 10]);
  });

  it('keep their last owner, whatever several owners do at once', async () => {
    const account = await createTeam(test.database);
    const second = await createTeam(test.database);
    const secondToken = await joinTeam(test.database, second.accountId, account.teamId, 'owner');
    const leave = (token: string) => call('DELETE', `/user/teams/${account.teamId}`, { token });
    const answers = await Promise.all([leave(account.token), leave(secondToken)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422]);
    const refused = answers.find(({ status }) => status === 422)!;
    assert.equal(refused.body.status, 'last_owner');
    const { rows } = await test.database.pool.query(
      `select user_id from team_members where team_id = $1 and role = 'owner'`,
      [account.teamId],
    );
    assert.equal(rows.length, 1);
    const last = rows[0].user_id === account.accountId ? account.token : secondToken;
    const demoted = await call('PUT', `/team/members/${rows[0].user_id}`, {
      token: last,
      body: { role: 'admin' },
    });
    assert.equal(demoted.status, 422);
  });

  it('let admins have members of all roles but owners', async () => {
    const team = await createTeam(test.database);
    const account = await createTeam(test.database);
    const admin = await joinTeam(test.database, account.accountId, team.teamId, 'admin');
    const viewer = await createTeam(test.database);
    await joinTeam(test.database, viewer.accountId, team.teamId, 'viewer');
    const setRole = (id: number, role: string) =>
      call('PUT', `/team/members/${id}`, { token: admin, body: { role } });
    assert.equal((await setRole(viewer.accountId, 'editor')).body.member.role, 'editor');
    for (const [id, role] of [
      [viewer.accountId, 'owner'],
      [account.accountId, 'owner'],
      [team.accountId, 'viewer'],
    ] as const) {
      const refused = await setRole(id, role);
      assert.deepEqual([refused.status, refused.body.required_scope], [403, 'team:delete']);
    }
    assert.equal((await call('DELETE', `/team/members/${team.accountId}`, { token: admin })).status, 403);
    assert.equal((await invite(team.teamId, { role: 'owner' }, admin)).status, 403);
    assert.equal(
      (await call('POST', '/team/transfer', { token: admin, body: { account: account.accountId } })).status,
      403,
    );
    const transferred = await call('POST', '/team/transfer', {
      token: team.token,
      body: { account: account.accountId },
    });
    assert.equal(transferred.body.member.role, 'owner');
    const roles = (await call('GET', '/team/members', { token: admin })).body.data;
    assert.equal(roles.find(({ id }: { id: number }) => id === team.accountId).role, 'admin');
  });

  it('end the tokens and streams of a member that is removed', async () => {
    const account = await createTeam(test.database);
    const token = await joinTeam(test.database, account.accountId, owner.teamId, 'editor');
    const stream = await fetch(`${test.app.url}/api/v1/events/stream`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(stream.status, 200);
    const ended = (async () => {
      for await (const _part of stream.body!);
    })();
    assert.equal((await call('GET', '/ssh-keys', { token })).status, 200);
    assert.equal(
      (await call('DELETE', `/team/members/${account.accountId}`, { token: owner.token })).status,
      200,
    );
    await waitFor('the token to end', async () => (await call('GET', '/ssh-keys', { token })).status === 401);
    await ended;
    const own = inTeam(account.token, owner.teamId);
    assert.equal((await call('GET', '/ssh-keys', own)).status, 403);
    assert.equal((await call('GET', '/ssh-keys', { token: account.token })).status, 200);
  });
});
