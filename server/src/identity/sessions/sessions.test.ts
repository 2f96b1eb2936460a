import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { withBareServer } from '../../../test/bare-server.ts';
import { openStream } from '../../../test/event-stream.ts';
import {
  createTeam,
  joinTeam,
  openSession,
  startTestApp,
  type TestApp,
  type TestTeam,
  waitFor,
} from '../../../test/harness.ts';
import { accountPrincipal } from '../../http/principal.ts';
import { assertRecentProof } from './recent-proof.ts';
import { createSession, endSessions, purgeSessions } from './store.ts';

describe('sessions', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, null);
  });
  after(() => test?.close());

  const open = (team: TestTeam = test.team) => openSession(test.database, team);
  const statusOf = async (session: string) => (await call('GET', '/auth/session', { session })).status;
  const idOf = async (session: string): Promise<string> =>
    (await call('GET', '/auth/session', { session })).body.session_id;

  it('are stored as a hash only', async () => {
    const session = await open();
    const { rows } = await test.database.pool.query('select s::text as row from sessions s');
    assert.ok(rows.length > 0 && !JSON.stringify(rows).includes(session.split('=')[1]!));
  });

  it('act on the account’s first team, or another one of it', async () => {
    const team = await createTeam(test.database);
    await joinTeam(test.database, team.accountId, test.team.teamId);
    const session = await open(team);
    const shown = await call('GET', '/user', { session });
    assert.deepEqual([shown.body.id, shown.body.current_team_id], [team.accountId, test.team.teamId]);
    const other = await call('GET', '/user', { session, headers: { 'x-team-id': String(team.teamId) } });
    assert.equal(other.body.current_team_id, team.teamId);
    const { teamId } = await createTeam(test.database);
    const foreign = await call('GET', '/user', { session, headers: { 'x-team-id': String(teamId) } });
    assert.equal(foreign.body.code, 'team_forbidden');
  });

  it('are listed with the one that asks, and ended one by one or all others at once', async () => {
    const team = await createTeam(test.database);
    const [first, second, third] = [await open(team), await open(team), await open(team)];
    const strange = await open();
    const { body } = await call('GET', '/user/sessions', { session: second });
    assert.equal(body.data.length, 3);
    assert.deepEqual(
      body.data.map((session: { current: boolean }) => session.current),
      [false, true, false],
    );
    assert.deepEqual([body.data[0].user_agent, body.data[0].last_used_ip], ['a test', '192.0.2.1']);
    const foreign = await call('DELETE', `/user/sessions/${await idOf(strange)}`, { session: second });
    assert.equal(foreign.status, 404);
    assert.equal(
      (await call('DELETE', `/user/sessions/${await idOf(third)}`, { session: second })).status,
      200,
    );
    await waitFor('its end', async () => (await statusOf(third)) === 401);
    const others = await call('DELETE', '/user/sessions', { session: second });
    assert.deepEqual([others.body.count, others.body.message], [1, '1 session ended.']);
    await waitFor('the end of the other', async () => (await statusOf(first)) === 401);
    assert.deepEqual([await statusOf(second), await statusOf(strange)], [200, 200]);
  });

  it('end for writes at once, and with their streams', async () => {
    const team = await createTeam(test.database);
    const session = await open(team);
    const stream = await openStream(test.app.url!, null, { headers: { cookie: session } });
    assert.equal(await statusOf(session), 200);
    await test.database.transaction((tx) => endSessions(tx, team.accountId));
    assert.equal((await call('POST', '/auth/sign-out', { session })).status, 401);
    await stream.ended();
  });

  it('end when their holder signs out, and the browser forgets the cookie', async () => {
    const session = await open();
    const answer = await call('POST', '/auth/sign-out', { session });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['set-cookie'], 'danube_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax');
    await waitFor('401', async () => (await statusOf(session)) === 401);
  });

  it('end after a while, and sooner without use', async () => {
    const [alive, ...ended] = [await open(), await open(), await open()];
    // Read first, which notes their last use in the background.
    const ids = [await idOf(ended[0]!), await idOf(ended[1]!)];
    await waitFor('their last use', async () => {
      const { rows } = await test.database.pool.query(
        'select from sessions where id = any($1) and last_used_at > created_at',
        [ids],
      );
      return rows.length === 2;
    });
    const change = test.database.db.updateTable('sessions');
    await change.set({ expires_at: sql`now()` }).where('id', '=', ids[0]!).execute();
    await change.set({ last_used_at: sql`now() - interval '8 days'` }).where('id', '=', ids[1]!).execute();
    for (const session of ended) await waitFor('its end', async () => (await statusOf(session)) === 401);
    await purgeSessions(test.database.db);
    const { rows } = await test.database.pool.query('select from sessions where id = any($1)', [ids]);
    assert.equal(rows.length, 0);
    assert.equal(await statusOf(alive!), 200);
  });

  it('of one account are bounded', async () => {
    const team = await createTeam(test.database);
    const first = await open(team);
    await test.database.transaction(async (tx) => {
      for (let count = 0; count < 100; count++)
        await createSession(tx, { ...team, method: 'password', ip: '::1', userAgent: undefined });
    });
    assert.equal(await statusOf(first), 401);
  });

  it('do not count where there is a token, or where the cookie comes twice', async () => {
    const session = await open();
    const withToken = await call('GET', '/auth/session', {
      token: test.team.token,
      headers: { cookie: session },
    });
    assert.equal(withToken.body.code, 'session_required');
    assert.equal(withToken.headers['access-control-allow-origin'], '*');
    assert.equal(await statusOf(`${session}; danube_session=${'x'.repeat(48)}`), 401);
    assert.equal(await statusOf(`${session}; other=1`), 200);
    for (const wrong of ['', 'x', 'x'.repeat(48)])
      assert.equal(await statusOf(`danube_session=${wrong}`), 401);
  });

  it('open no stream for a page of another origin, though browsers send it the cookie', async () => {
    const session = await open();
    const strange = [
      { origin: 'http://localhost:9000' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of strange) {
      const answer = await call('GET', '/events/stream', { headers: { cookie: session, ...headers } });
      assert.deepEqual([answer.status, answer.body.code], [403, 'origin_mismatch']);
    }
    const upgrade = { connection: 'upgrade', upgrade: 'websocket' };
    for (const headers of [upgrade, { ...upgrade, origin: 'http://evil.example' }]) {
      const answer = await call('GET', '/user', { headers: { cookie: session, ...headers } });
      assert.equal(answer.status, 403);
    }
    const own = await call('GET', '/events/stream', {
      headers: { cookie: session, 'sec-fetch-site': 'same-origin' },
    });
    assert.equal(own.status, 200);
  });

  it('are asked for a new proof after a while, and tokens are not', () => {
    const at = (minutesAgo: number) => {
      const provedAt = Date.now() - minutesAgo * 60_000;
      const via = { kind: 'session' as const, sessionId: 'x', provedAt };
      return accountPrincipal(
        { accountId: 1, via, scopes: new Set(), limits: [1, 1, 1], teamId: null, roles: new Map() },
        'x',
      );
    };
    assertRecentProof(at(9));
    assertRecentProof({ via: { kind: 'token', tokenId: 1 } });
    assert.throws(() => assertRecentProof(at(11)), { code: 'proof_required' });
  });
});

describe('the cookie of a session', () => {
  it('is bound to the host and to TLS by https, whose prefix no other host can set', async () => {
    const register = () => {};
    await withBareServer(
      register,
      async (_call, http) => {
        const ask = (cookie: string) => http.inject({ url: '/api/v1/nothing', headers: { cookie } });
        const other = await ask('danube_session=x');
        assert.equal(other.headers['access-control-allow-origin'], '*', 'it does not count');
        const own = await ask('__Host-danube_session=x');
        assert.equal(own.headers['access-control-allow-origin'], undefined);
        assert.equal(own.headers['x-frame-options'], 'DENY');
        assert.match(String(own.headers['content-security-policy']), /frame-ancestors 'none'/);
      },
      { settings: { DANUBE_PUBLIC_URL: 'https://cloud.example.org/' } },
    );
  });
});
