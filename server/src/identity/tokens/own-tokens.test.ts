import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import {
  createTeam,
  issueToken,
  joinTeam,
  openSession,
  startTestApp,
  type TestApp,
  waitFor,
} from '../../../test/harness.ts';
import { SCOPE_SETS, SCOPES } from '../../http/scopes.ts';

describe('the tokens of an account', () => {
  let test: TestApp;
  let call: ApiClient;
  let session: string;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, null);
    session = await openSession(test.database, test.team);
  });
  after(() => test?.close());

  const create = (body: object, by: object = { session }) =>
    call('POST', '/user/tokens', { ...by, body: { name: 'ci', ...body } });

  it('are made in a session, shown once, used and revoked', async () => {
    const { status, body } = await create({ scopes: ['ssh-key:read', 'vps:read'] });
    assert.equal(status, 201);
    for (const line of [body.curl, body.cli, body.terraform]) assert.ok(line.includes(body.plain_text));
    const token = body.plain_text;
    assert.equal((await call('GET', '/ssh-keys', { token })).status, 200);
    assert.equal((await call('GET', '/database', { token })).status, 403);
    const shown = await waitFor('the use', async () => {
      const answer = await call('GET', `/user/tokens/${body.token.id}`, { session });
      return (
        answer.body.token.last_used_at && answer.body.token.unused_scopes.length === 1 && answer.body.token
      );
    });
    assert.deepEqual(shown.unused_scopes, ['vps:read']);
    assert.equal(shown.last_used_ip, '127.0.0.1');
    const { data } = (await call('GET', '/user/tokens', { session })).body;
    assert.ok(!JSON.stringify(data).includes(token.split('|')[1]));
    assert.equal((await call('DELETE', `/user/tokens/${body.token.id}`, { session })).status, 200);
    await waitFor('its end', async () => (await call('GET', '/ssh-keys', { token })).status === 401);
    assert.equal((await call('GET', `/user/tokens/${body.token.id}`, { session })).status, 404);
  });

  it('have the scopes of a list or a set, and of nothing else', async () => {
    for (const [set, scopes] of [
      ['read', SCOPE_SETS.read],
      ['editor', SCOPE_SETS.editor],
      ['admin', SCOPE_SETS.admin],
    ] as const) {
      const { body } = await create({ scope_set: set });
      assert.deepEqual(body.token.scopes, scopes);
    }
    assert.deepEqual((await create({})).body.token.scopes, SCOPE_SETS.default);
    const both = await create({ scope_set: 'read', scopes: ['vps:write'] });
    assert.deepEqual(both.body.token.scopes, [...SCOPE_SETS.read, 'vps:write']);
    for (const wrong of [{ scopes: ['vps:everything'] }, { expires_at: '2020-01-01' }])
      assert.equal((await create(wrong)).status, 422, JSON.stringify(wrong));
  });

  it('ask for the password in a session', async () => {
    const old = await openSession(test.database, test.team);
    await test.database.pool.query(`update sessions set proved_at = now() - interval '1 hour'
      where id = (select id from sessions order by created_at desc limit 1)`);
    assert.equal((await create({}, { session: old })).body.code, 'proof_required');
    assert.equal((await call('DELETE', '/user/tokens/1', { session: old })).body.code, 'proof_required');
    assert.equal((await call('GET', '/user/tokens', { session: old })).status, 200);
  });

  it('make none that can do more or last longer, and take along those they made', async () => {
    const made = await create({
      scopes: ['token:write', 'token:read', 'vps:read'],
      expires_at: '2099-01-01',
    });
    const parent = { token: made.body.plain_text };
    const refused = await create({ scopes: ['vps:read', 'vps:write'] }, parent);
    assert.deepEqual([refused.status, refused.body.required_scope], [403, 'vps:write']);
    assert.equal((await create({ scope_set: 'admin' }, parent)).status, 403);
    const child = await create({ scopes: ['vps:read', 'token:write'] }, parent);
    assert.equal(child.body.token.made_by_token_id, made.body.token.id);
    assert.equal(child.body.token.expires_at, made.body.token.expires_at);
    assert.match(child.body.warnings.join(), /expires with the one that made it/);
    const grandchild = await create({ scopes: ['vps:read'] }, { token: child.body.plain_text });
    assert.equal(grandchild.status, 201);
    // Without the scope for it, a token makes none.
    assert.equal((await create({ scopes: ['vps:read'] }, { token: grandchild.body.plain_text })).status, 403);
    await call('DELETE', `/user/tokens/${made.body.token.id}`, { session });
    for (const { body } of [made, child, grandchild])
      await waitFor(
        'the end',
        async () => (await call('GET', '/vps', { token: body.plain_text })).status === 401,
      );
  });

  it('are in the audit log of their team from the first to the last day', async () => {
    const { token } = (await create({ name: 'audited', scopes: ['vps:read'] })).body;
    await call('DELETE', `/user/tokens/${token.id}`, { session });
    const { data } = (await call('GET', `/audit?resource_type=token&resource_id=${token.id}`, { session }))
      .body;
    assert.deepEqual(
      data.map((entry: { action: string; team_id: number }) => [entry.action, entry.team_id]),
      [
        ['deleteToken', test.team.teamId],
        ['createToken', test.team.teamId],
      ],
    );
  });

  it('make none any more once they are revoked, whatever is under way at that moment', async () => {
    const parent = (await create({ scopes: ['token:write', 'vps:read'] })).body;
    const child = () => create({ scopes: ['vps:read'] }, { token: parent.plain_text });
    const making = Array.from({ length: 10 }, child);
    // By then, the server has read the parent, and remembers it for a second.
    assert.equal((await making[0]!).status, 201);
    assert.equal((await call('DELETE', `/user/tokens/${parent.token.id}`, { session })).status, 200);
    assert.equal((await child()).status, 401);
    for (const { status } of await Promise.all(making)) assert.ok([201, 401].includes(status));
    const { rows } = await test.database.pool.query(
      'select id from tokens where parent_id = $1 and revoked_at is null',
      [parent.token.id],
    );
    assert.deepEqual(rows, []);
  });

  it('are for teams of the account, and say what its role there does not allow', async () => {
    const other = await createTeam(test.database);
    assert.equal((await create({ team_id: other.teamId })).body.code, 'team_forbidden');
    await joinTeam(test.database, test.team.accountId, other.teamId, 'viewer');
    const { body } = await create({ team_id: other.teamId, scopes: ['vps:read', 'vps:write'] });
    assert.match(body.warnings.join(), /Your role in the team, viewer, does not have: vps:write/);
    assert.equal((await call('POST', '/vps', { token: body.plain_text, body: {} })).status, 403);
  });

  it('of operators only have their scopes as long as the account is one', async () => {
    assert.equal((await create({ scopes: ['operator:read'] })).body.code, 'missing_scope');
    const { id } = (await create({ scopes: ['vps:read'] })).body.token;
    assert.equal(
      (await call('DELETE', `/user/tokens/${id}`, { token: (await createTeam(test.database)).token })).status,
      404,
    );
  });

  it('explain what they may, and why not', async () => {
    const member = await createTeam(test.database);
    await joinTeam(test.database, member.accountId, test.team.teamId, 'viewer');
    const issue = (scopes: readonly `${string}:read`[] | typeof SCOPES) =>
      issueToken(test.database.db, { accountId: member.accountId, teamId: test.team.teamId }, scopes);
    const [all, some] = [await issue(SCOPES), await issue(['ssh-key:read'])];
    const ask = async (token: string, method: string, path: string) =>
      (await call('POST', '/user/tokens/explain', { token, body: { method, path } })).body;
    const read = await ask(all, 'GET', '/api/v1/vps?page=2');
    assert.deepEqual([read.allowed, read.operation, read.required_scope], [true, 'listVps', 'vps:read']);
    const write = await ask(all, 'POST', '/vps/anything/start');
    assert.deepEqual(
      [write.allowed, write.token_has_scope, write.role_has_scope, write.role],
      [false, true, false, 'viewer'],
    );
    assert.match(write.reason, /Your role in this team, viewer, does not have the scope "vps:write"/);
    const lacks = await ask(some, 'GET', '/vps');
    assert.deepEqual([lacks.allowed, lacks.token_has_scope, lacks.role_has_scope], [false, false, true]);
    assert.match(lacks.reason, /token lacks the scope "vps:read"/);
    assert.match((await ask(some, 'GET', '/user/sessions')).reason, /needs a session/);
    assert.equal((await ask(some, 'GET', '/health')).allowed, true);
    const unknown = await call('POST', '/user/tokens/explain', {
      token: all,
      body: { method: 'GET', path: '/nothing' },
    });
    assert.equal(unknown.status, 404);
    // What it says is what happens.
    assert.equal((await call('POST', '/vps/anything/start', { token: all })).status, 403);
  });
});
