import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { bearer, ConsoleWorld, PROMPT } from '../../../test/console-world.ts';
import { createTeam, joinTeam, openSession } from '../../../test/harness.ts';
import { revokeToken } from '../../identity/tokens/service.ts';

describe('access to consoles', () => {
  const world = new ConsoleWorld();
  const { connect, endOf, newServer, ours } = world;
  before(world.open);
  after(world.close);

  it('belong to the credential that opened them, and to no other of the team', async () => {
    const { open, call, id, ...team } = await newServer();
    const { id: console, url } = await open();
    const stranger = await createTeam(world.test.database);
    const colleague = await joinTeam(world.test.database, stranger.accountId, team.teamId);
    const session = await openSession(world.test.database, team);
    const origin = world.test.app.url!;
    for (const headers of [
      bearer(stranger.token),
      bearer(colleague),
      { cookie: session, origin },
      { ...bearer(stranger.token), 'x-team-id': String(team.teamId) },
    ])
      await assert.rejects(connect(url, headers), /refused with 404/);
    await assert.rejects(connect(url, {}), /refused with 401/);
    const missing = url.replace(console, '00000000-0000-7000-8000-000000000000');
    await assert.rejects(connect(missing, bearer(team.token)), /refused with 404/);
    const viewer = await joinTeam(
      world.test.database,
      (await createTeam(world.test.database)).accountId,
      team.teamId,
      'viewer',
    );
    const refused = await call('POST', `/vps/${id}/consoles`, { token: viewer });
    assert.deepEqual([refused.status, refused.body.required_scope], [403, 'vps:write']);
    assert.equal((await call('POST', `/vps/${id}/consoles`, { token: stranger.token })).status, 404);
  });

  it('open for pages of the install only, and end with the session', async () => {
    const { call, id, teamId, accountId } = await newServer();
    const session = await openSession(world.test.database, { accountId });
    const origin = world.test.app.url!;
    const { body } = await call('POST', `/vps/${id}/consoles`, {
      token: null,
      headers: { cookie: session, origin: 'http://evil.example', 'x-team-id': String(teamId) },
    });
    assert.equal(body.code, 'origin_mismatch');
    const answer = await fetch(`${origin}/api/v1/vps/${id}/consoles`, {
      method: 'POST',
      headers: { cookie: session, origin },
    });
    const url = ours(((await answer.json()) as { console: { url: string } }).console.url);
    for (const foreign of [
      {},
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: `${origin}0` },
    ])
      await assert.rejects(connect(url, { cookie: session, ...foreign }), /refused with 403/);
    const client = await connect(url, { cookie: session, origin });
    await client.sees(PROMPT);
    await world.test.database.db.deleteFrom('sessions').where('user_id', '=', accountId).execute();
    const { last } = await client.closed();
    assert.equal(last?.type === 'closed' && last.reason, 'access_ended');
  });

  it('end with the token, and with the role', async () => {
    const { open, token, call, ...team } = await newServer();
    const member = await createTeam(world.test.database);
    const ways: [string, (token: string) => Promise<unknown>][] = [
      ['token', (own) => world.test.database.transaction((tx) => revokeToken(tx, Number(own.split('|')[0])))],
      [
        'role',
        () =>
          world.test.database.db
            .updateTable('team_members')
            .set({ role: 'viewer' })
            .where('user_id', '=', member.accountId)
            .where('team_id', '=', team.teamId)
            .execute(),
      ],
    ];
    for (const [name, end] of ways) {
      await world.test.database.db
        .deleteFrom('team_members')
        .where('user_id', '=', member.accountId)
        .where('team_id', '=', team.teamId)
        .execute();
      const own = await joinTeam(world.test.database, member.accountId, team.teamId, 'editor');
      const { id: console, url } = await open({ token: own });
      const client = await connect(url, bearer(own));
      await client.sees(PROMPT);
      await end(own);
      const { last } = await client.closed();
      assert.equal(last?.type === 'closed' && last.reason, 'access_ended', name);
      assert.equal((await endOf(call, console)).after.reason, 'access_ended');
    }
    assert.ok(token);
  });
});
