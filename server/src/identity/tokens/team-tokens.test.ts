import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { newVps } from '../../../test/client.ts';
import {
  createTeam,
  issueToken,
  joinTeam,
  openSession,
  startTestApp,
  type TestApp,
  type TestTeam,
  waitFor,
} from '../../../test/harness.ts';
import { SCOPES } from '../../http/scopes.ts';

const idOf = (token: string): number => Number(token.split('|')[0]);

describe('tokens of a team', () => {
  let test: TestApp;
  let call: ApiClient;
  /** An admin and an editor of the team, with a token each that acts for it. */
  let admin: TestTeam;
  let editor: TestTeam;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, test.team.token);
    admin = await member('admin');
    editor = await member('editor');
  });
  after(() => test?.close());

  async function member(role: 'admin' | 'editor'): Promise<TestTeam> {
    const own = await createTeam(test.database);
    const token = await joinTeam(test.database, own.accountId, test.team.teamId, role);
    return { ...own, teamId: test.team.teamId, token };
  }

  it('are listed for admins with whose they are, and without those of other teams', async () => {
    const { status, body } = await call('GET', '/team/tokens', { token: admin.token });
    assert.equal(status, 200);
    const shown = body.data.map(({ id, account }: { id: number; account: { id: number } }) => [
      id,
      account.id,
    ]);
    for (const { accountId, token } of [test.team, admin, editor])
      assert.ok(shown.some(([id, whose]: number[]) => id === idOf(token) && whose === accountId));
    assert.ok(body.data.every((one: { team_id: number }) => one.team_id === test.team.teamId));
    assert.ok(!JSON.stringify(body).includes(editor.token.split('|')[1]!));
    assert.equal((await call('GET', '/team/tokens', { token: editor.token })).status, 403);
  });

  it('are revoked by admins, those of owners by owners, and those of other teams by nobody', async () => {
    const revoke = (id: number, by: TestTeam) => call('DELETE', `/team/tokens/${id}`, { token: by.token });
    const ofOwner = await issueToken(test.database.db, test.team);
    const refused = await revoke(idOf(ofOwner), admin);
    assert.deepEqual([refused.status, refused.body.required_scope], [403, 'team:delete']);
    const stranger = await createTeam(test.database);
    assert.equal((await revoke(idOf(stranger.token), test.team)).status, 404);
    const ofEditor = await issueToken(test.database.db, editor);
    assert.equal((await revoke(idOf(ofEditor), admin)).status, 200);
    await waitFor('its end', async () => (await call('GET', '/vps', { token: ofEditor })).status === 401);
    assert.equal((await revoke(idOf(ofEditor), admin)).status, 404, 'it is gone');
    assert.equal((await revoke(idOf(ofOwner), test.team)).status, 200);
    assert.equal((await call('GET', '/vps', { token: stranger.token })).status, 200);
  });

  it('are revoked in a session only after a recent proof', async () => {
    const session = await openSession(test.database, test.team);
    await test.database.pool.query(`update sessions set proved_at = now() - interval '1 hour'`);
    const headers = { 'x-team-id': String(test.team.teamId) };
    const path = `/team/tokens/${idOf(editor.token)}`;
    const refused = await call('DELETE', path, { session, headers });
    assert.deepEqual([refused.status, refused.body.code], [403, 'proof_required']);
    assert.equal((await call('GET', '/vps', { token: editor.token })).status, 200);
  });

  it('are explained to who owns them', async () => {
    const limited = idOf(await issueToken(test.database.db, editor, ['vps:read', 'vps:delete']));
    const ask = (method: string, path: string, token = editor.token) =>
      call('POST', '/user/tokens/explain', { token, body: { method, path, token_id: limited } });
    assert.equal((await ask('GET', '/vps')).body.allowed, true);
    const lacking = (await ask('POST', '/vps')).body;
    assert.deepEqual(
      [lacking.allowed, lacking.token_has_scope, lacking.role_has_scope],
      [false, false, true],
    );
    const beyondRole = (await ask('DELETE', '/vps/1')).body;
    assert.deepEqual([beyondRole.token_has_scope, beyondRole.role_has_scope], [true, false]);
    assert.equal((await ask('GET', '/vps', test.team.token)).status, 404);
  });

  it('count a scope as used that only a handler asks for', async () => {
    const { accountId } = test.team;
    const made = await call('POST', '/vps', { body: newVps() });
    const scopes = ['vps:read', 'database:read', 'cache:read', 'ssh-key:read'] as const;
    const token = await issueToken(test.database.db, { accountId, teamId: test.team.teamId }, scopes);
    const unused = async (): Promise<string[]> =>
      (await call('GET', `/user/tokens/${idOf(token)}`)).body.token.unused_scopes;
    assert.deepEqual((await unused()).toSorted(), [...scopes].toSorted());
    assert.equal((await call('GET', `/operations/${made.body.operation_id}`, { token })).status, 200);
    await waitFor('the note', async () => !(await unused()).includes('vps:read'));
    assert.equal((await unused()).length, 3, 'no other was needed');
    // What may be found depends on all of them.
    assert.equal((await call('GET', '/resources/search?q=nothing', { token })).status, 200);
    await waitFor('the notes', async () => (await unused()).length === 0);
  });

  it('have the scopes that the list names, with the roles that have each', async () => {
    const { data, sets } = (await call('GET', '/user/tokens/scopes')).body;
    const named: readonly string[] = data.map(({ scope }: { scope: string }) => scope);
    assert.deepEqual(named.toSorted(), SCOPES.toSorted());
    const rolesOf = (scope: string) => data.find((one: { scope: string }) => one.scope === scope).roles;
    assert.deepEqual(rolesOf('team:delete'), ['owner']);
    assert.deepEqual(rolesOf('token:write'), []);
    for (const set of Object.values<string[]>(sets)) assert.ok(set.every((scope) => named.includes(scope)));
  });
});
