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
  type TestTeam,
} from '../../../test/harness.ts';
import type { Role } from '../../http/scopes.ts';

/** An account that holds another team's role by `token`, besides its own team. */
type Member = TestTeam;

describe('who is no member any more, or has less than before', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, test.team.token);
  });
  after(() => test?.close());

  async function join(role: Role, teamId = test.team.teamId): Promise<Member> {
    const own = await createTeam(test.database);
    return { ...own, teamId, token: await joinTeam(test.database, own.accountId, teamId, role) };
  }
  const setRole = (id: number, role: Role, token = test.team.token) =>
    call('PUT', `/team/members/${id}`, { token, body: { role } });
  const inviteBy = async (by: Member, role: Role): Promise<{ id: number; code: string }> => {
    const { status, body } = await call('POST', '/team/invitations', { token: by.token, body: { role } });
    assert.equal(status, 201);
    return { id: body.invitation.id, code: body.code };
  };
  /** Another token of the account, for its own team. */
  const ownToken = async ({ accountId }: Member): Promise<string> => {
    const { rows } = await test.database.pool.query(
      'select team_id from team_members where user_id = $1 order by team_id limit 1',
      [accountId],
    );
    return issueToken(test.database.db, { accountId, teamId: rows[0].team_id });
  };
  const accept = async (token: string, code: string): Promise<number> =>
    (await call('POST', '/user/invitations/accept', { token, body: { code } })).status;
  const openInvitations = async (): Promise<number[]> =>
    (await call('GET', '/team/invitations')).body.data.map(({ id }: { id: number }) => id);

  it('does not come back by an invitation of its own, nor lets others in', async () => {
    const ways: [string, (member: Member) => Promise<number>][] = [
      ['removed', async ({ accountId }) => (await call('DELETE', `/team/members/${accountId}`)).status],
      [
        'left',
        async (member) =>
          (await call('DELETE', `/user/teams/${member.teamId}`, { token: member.token })).status,
      ],
      [
        'deleted its account',
        async (member) => {
          const session = await openSession(test.database, member);
          return (await call('DELETE', '/user', { session })).status;
        },
      ],
    ];
    for (const [how, go] of ways) {
      const admin = await join('admin');
      const { id, code } = await inviteBy(admin, 'admin');
      const again = await ownToken(admin);
      assert.ok((await openInvitations()).includes(id), how);
      assert.equal(await go(admin), 200, how);
      assert.ok(!(await openInvitations()).includes(id), how);
      assert.notEqual(await accept(again, code), 200, how);
      assert.equal(await accept((await createTeam(test.database)).token, code), 404, how);
      const shown = await call('POST', '/auth/invitation', { token: null, body: { code } });
      assert.equal(shown.body.code, 'link_invalid', how);
    }
  });

  it('keeps of its invitations those that its new role may make', async () => {
    const owner = await join('owner');
    const invitations = { owner: await inviteBy(owner, 'owner'), editor: await inviteBy(owner, 'editor') };
    assert.equal((await setRole(owner.accountId, 'admin')).status, 200);
    assert.deepEqual(await openInvitations(), [invitations.editor.id]);
    assert.equal((await setRole(owner.accountId, 'viewer')).status, 200);
    assert.deepEqual(await openInvitations(), []);
    const events = (await call('GET', '/events?type=team.invitation_withdrawn')).body.data;
    for (const { id } of Object.values(invitations))
      assert.ok(
        events.some((event: { payload: { invitation_id: number } }) => event.payload.invitation_id === id),
      );
  });

  // The server remembers roles for a second.
  it('does not take back in the next second what it has lost', async () => {
    const owner = await join('owner');
    assert.equal((await call('GET', '/team', { token: owner.token })).body.role, 'owner');
    await setRole(owner.accountId, 'viewer');
    assert.equal((await setRole(owner.accountId, 'owner', owner.token)).status, 403);
    const { accountId } = test.team;
    assert.equal((await setRole(accountId, 'viewer', owner.token)).status, 403);
    assert.equal((await call('DELETE', `/team/members/${accountId}`, { token: owner.token })).status, 403);
    const to = { token: owner.token, body: { account: owner.accountId } };
    assert.equal((await call('POST', '/team/transfer', to)).status === 200, false);
    const admin = await join('admin');
    assert.equal((await call('GET', '/team', { token: admin.token })).body.role, 'admin');
    await call('DELETE', `/team/members/${admin.accountId}`);
    const invited = await call('POST', '/team/invitations', { token: admin.token, body: { role: 'admin' } });
    assert.ok([401, 403].includes(invited.status), String(invited.status));
    const renamed = await call('PUT', '/team', { token: admin.token, body: { name: 'Mine' } });
    assert.ok([401, 403].includes(renamed.status), String(renamed.status));
  });

  it('leaves an owner behind, also if one leaves while the other deletes its account', async () => {
    for (let round = 0; round < 5; round += 1) {
      const first = await createTeam(test.database);
      const second = await join('owner', first.teamId);
      await join('viewer', first.teamId);
      const session = await openSession(test.database, first);
      const answers = await Promise.all([
        call('DELETE', '/user', { session }),
        call('DELETE', `/user/teams/${first.teamId}`, { token: second.token }),
      ]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422]);
      const { rows } = await test.database.pool.query(
        `select user_id from team_members where team_id = $1 and role = 'owner'`,
        [first.teamId],
      );
      assert.equal(rows.length, 1);
    }
  });
});
