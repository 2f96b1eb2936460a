import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ApiClient } from '../../test/api-client.ts';
import { createApiClient } from '../../test/api-client.ts';
import {
  createTeam,
  joinTeam,
  makeOperator,
  openSession,
  type TestApp,
  waitFor,
} from '../../test/harness.ts';
import { createPerson, type Person, startMailingApp } from '../../test/people.ts';
import { runCommand } from '../cli/run-command.ts';

describe('a team whose owners are disabled', () => {
  let test: TestApp;
  let lettersTo: Awaited<ReturnType<typeof startMailingApp>>['lettersTo'];
  let call: ApiClient;
  const environment = { ...process.env };
  before(async () => {
    ({ test, lettersTo } = await startMailingApp());
    await makeOperator(test.database, test.team);
    call = createApiClient(test.app.http, test.team.token);
  });
  after(async () => {
    process.env = environment;
    await test?.close();
  });

  /** A disabled account with its own team, and what its role there is. */
  async function leftTeam(): Promise<{ owner: Person; teamId: number }> {
    const owner = await createPerson(test.database);
    const { rows } = await test.database.pool.query('select team_id from team_members where user_id = $1', [
      owner.accountId,
    ]);
    assert.equal((await call('POST', `/operator/accounts/${owner.accountId}/disable`)).status, 200);
    return { owner, teamId: rows[0].team_id };
  }
  const handOver = (teamId: number, account: number, options: object = {}) =>
    call('POST', `/operator/teams/${teamId}/transfer`, { body: { account }, ...options });
  const rolesIn = async (teamId: number): Promise<Record<number, string>> => {
    const { rows } = await test.database.pool.query(
      'select user_id, role from team_members where team_id = $1 order by user_id',
      [teamId],
    );
    return Object.fromEntries(rows.map(({ user_id, role }) => [user_id, role]));
  };

  it('is handed over to somebody who was no member: audited, told, and what only owners may works', async () => {
    const { owner, teamId } = await leftTeam();
    const heir = await createPerson(test.database);
    assert.equal((await call('GET', `/operator/teams/${teamId}`)).body.team.has_owner, false);
    const { status, body } = await handOver(teamId, heir.accountId);
    assert.deepEqual([status, body.team.has_owner, body.team.personal_team], [200, true, false]);
    assert.deepEqual(await rolesIn(teamId), { [owner.accountId]: 'admin', [heir.accountId]: 'owner' });
    for (const { email } of [owner, heir])
      assert.match((await lettersTo(email)).at(-1)!.subject, /handed over/);
    const { data } = (await call('GET', '/operator/audit?name=handOverTeam')).body;
    assert.deepEqual(
      [data[0].resource_id, data[0].account_id, data[0].after.owner],
      [String(teamId), test.team.accountId, heir.accountId],
    );
    const session = await openSession(test.database, heir);
    const headers = { 'x-team-id': String(teamId) };
    const asHeir = (method: string, path: string, options = {}) =>
      call(method, path, { token: null, session, headers, ...options });
    const events = (await asHeir('GET', '/events?resource_type=team')).body.data;
    assert.ok(events.some(({ type }: { type: string }) => type === 'team.handed_over'));
    const { name } = (await asHeir('GET', '/team')).body.team;
    assert.equal((await asHeir('POST', '/team/delete', { body: { confirm: name } })).status, 200);
  });

  it('has one owner where two operators hand it over at once, and none of its former tokens works', async () => {
    const { owner, teamId } = await leftTeam();
    const member = await createTeam(test.database);
    await joinTeam(test.database, member.accountId, teamId, 'viewer');
    const other = await createPerson(test.database);
    const answers = await Promise.all([
      handOver(teamId, member.accountId),
      handOver(teamId, other.accountId),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422]);
    const roles = await rolesIn(teamId);
    assert.equal(roles[owner.accountId], 'admin');
    assert.equal(Object.values(roles).filter((role) => role === 'owner').length, 1);
  });

  it('is refused where an owner can sign in, to who cannot, and to who owns enough', async () => {
    const heir = await createPerson(test.database);
    const active = await createTeam(test.database);
    const refused = await handOver(active.teamId, heir.accountId);
    assert.deepEqual([refused.status, refused.body.status], [422, 'has_owner']);
    const { owner, teamId } = await leftTeam();
    const unconfirmed = await createPerson(test.database, { verified: false });
    for (const { accountId } of [owner, unconfirmed])
      assert.ok('account' in (await handOver(teamId, accountId)).body.errors);
    await test.database.pool.query('update users set team_limit = 1 where id = $1', [heir.accountId]);
    assert.equal((await handOver(teamId, heir.accountId)).body.code, 'quota_exceeded');
    for (const [team, account] of [
      [999_999, heir.accountId],
      [teamId, 999_999],
    ] as const)
      assert.equal((await handOver(team, account)).status, 404);
    assert.deepEqual(await rolesIn(teamId), { [owner.accountId]: 'owner' });
  });

  it('is handed over by nobody but operators, and in a session only with a recent proof', async () => {
    const { teamId } = await leftTeam();
    const customer = await createTeam(test.database);
    const asked = await handOver(teamId, customer.accountId, { token: customer.token });
    assert.equal(asked.status, 403);
    const session = await openSession(test.database, test.team);
    await test.database.pool.query(
      `update sessions set proved_at = now() - interval '1 hour' where user_id = $1`,
      [test.team.accountId],
    );
    const refused = await handOver(teamId, customer.accountId, { token: null, session });
    assert.equal(refused.body.code, 'proof_required');
  });

  it('is handed over on the host', async () => {
    const { owner, teamId } = await leftTeam();
    const heir = await createPerson(test.database);
    process.env.DATABASE_URL = test.database.url;
    process.env.DANUBE_SECRET_KEY = Buffer.alloc(32, 7).toString('base64');
    const transfer = (team: string, email: string) => runCommand(['team', 'transfer', team, email]);
    await assert.rejects(transfer('x', heir.email), /no number of a team/);
    await assert.rejects(transfer(String(teamId), 'nobody@example.org'), /There is no account/);
    assert.equal(await transfer(String(teamId), heir.email.toUpperCase()), 0);
    assert.deepEqual(await rolesIn(teamId), { [owner.accountId]: 'admin', [heir.accountId]: 'owner' });
    await assert.rejects(transfer(String(teamId), owner.email), /can sign in/);
    await waitFor('its entry', async () => {
      const { data } = (await call('GET', '/operator/audit?name=handOverTeam')).body;
      return data[0].credential === 'host' && data[0].resource_id === String(teamId);
    });
  });
});
