import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { createTeam, joinTeam, startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';
import { DEFAULT_SCOPES } from '../../http/scopes.ts';
import { AppError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { insertTeam } from '../teams/members.ts';
import { createTokenAuthenticator } from './authentication.ts';
import { createToken, listTokens, type NewToken, revokeToken } from './service.ts';

describe('tokens', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, null);
  });
  after(() => test?.close());

  const issue = (more: Partial<NewToken> = {}) =>
    createToken(test.database.db, {
      accountId: test.team.accountId,
      teamId: test.team.teamId,
      name: 'ci',
      ...more,
    });

  it('takes no name that hides something', async () => {
    for (const name of ['ci\u202e', 'a\u0007b', 'a\nb']) {
      await assert.rejects(createToken(test.database.db, { ...test.team, name }), /control characters/);
    }
  });

  it('are ID|SECRET, have read scopes by default, and are stored as a hash only', async () => {
    const { id, plainText } = await issue();
    assert.match(plainText, new RegExp(`^${id}\\|[A-Za-z0-9]{48}$`));
    const rows = await test.database.pool.query('select t::text as row from tokens t');
    assert.ok(!JSON.stringify(rows.rows).includes(plainText.split('|')[1]!));
    const info = (await listTokens(test.database.db, test.team.accountId)).find((token) => token.id === id);
    assert.deepEqual(info?.scopes, DEFAULT_SCOPES);
    assert.equal(info?.revokedAt, null);
  });

  it('stop working within seconds of being revoked, though they were just used', async () => {
    const { id, plainText } = await issue();
    assert.equal((await call('GET', '/user/teams', { token: plainText })).status, 200);
    await test.database.transaction((tx) => revokeToken(tx, id));
    await test.database.transaction((tx) => revokeToken(tx, id));
    const refused = await waitFor('401', async () => {
      const answer = await call('GET', '/user/teams', { token: plainText });
      return answer.status === 401 && answer;
    });
    assert.match(refused.body.message, /revoked/);
  });

  it('stop working when they expire, to the moment', async () => {
    const statusOf = async (token: string) => (await call('GET', '/user/teams', { token })).status;
    // So soon that it need not be waited for long, but not before it was used, however busy the machine is.
    const used = async (milliseconds: number): Promise<string> => {
      const { plainText } = await issue({ expiresAt: new Date(Date.now() + milliseconds) });
      if ((await statusOf(plainText)) === 200) return plainText;
      assert.ok(milliseconds < 100_000, 'a token that has not expired is refused');
      return used(4 * milliseconds);
    };
    const token = await used(1500);
    await waitFor('401', async () => (await statusOf(token)) === 401);
  });

  it('can act on another team that the account is in', async () => {
    const id = await test.database.transaction((tx) =>
      insertTeam(tx, { name: 'Second', ownerId: test.team.accountId }),
    );
    const { plainText } = await issue();
    const { body } = await call('GET', '/user/teams', {
      token: plainText,
      headers: { 'x-team-id': String(id) },
    });
    assert.equal(body.current_team_id, id);
    assert.deepEqual(
      body.data.map((team: { id: number }) => team.id),
      [test.team.teamId, id],
    );
  });

  it('identify the account and its role in each of its teams', async () => {
    const { accountId, teamId } = test.team;
    const foreign = await createTeam(test.database);
    await joinTeam(test.database, accountId, foreign.teamId, 'viewer');
    const { id, plainText } = await issue({ scopes: ['vps:read'] });
    const authenticator = createTokenAuthenticator(test.database, createLog('silent'));
    const headers = { authorization: `Bearer ${plainText}` };
    const identity = await authenticator.authenticate({ headers, ip: '192.0.2.1' });
    await authenticator.close();
    assert.equal(identity.accountId, accountId);
    assert.deepEqual(identity.via, { kind: 'token', tokenId: id });
    assert.deepEqual([...identity.scopes], ['vps:read']);
    assert.equal(identity.teamId, teamId);
    assert.equal(identity.roles.get(teamId), 'owner');
    assert.equal(identity.roles.get(foreign.teamId), 'viewer');
  });

  it('leave the database to others, however many wrong ones an address sends', async () => {
    const { pool } = test.app.database;
    const guesses = await test.database.transaction(async (tx) => {
      await sql`lock table tokens in access exclusive mode`.execute(tx);
      const sent = Array.from({ length: 50 }, (_, index) =>
        call('GET', '/user/teams', {
          token: `${90_000 + index}|${'x'.repeat(48)}`,
          remoteAddress: '192.0.2.7',
        }),
      );
      await waitFor('one that looks for its token', async () => {
        const { rows } = await sql`select from pg_locks where not granted`.execute(tx);
        return rows.length > 0;
      });
      assert.equal(pool.waitingCount, 0, 'The others hold all connections.');
      return { sent };
    });
    const answers = await Promise.all(guesses.sent);
    assert.deepEqual(
      answers.map(({ status }) => status),
      Array(50).fill(401),
    );
  });

  it('are rejected with invalid names, scopes and expiries', async () => {
    const bad: Partial<NewToken>[] = [
      { name: ' ' },
      { name: 'x'.repeat(256) },
      { scopes: ['vps:everything' as 'vps:read'] },
      { expiresAt: new Date(Date.now() - 1) },
    ];
    for (const more of bad) {
      await assert.rejects(issue(more), (error) => error instanceof AppError && error.status === 422);
    }
    await assert.rejects(
      test.database.transaction((tx) => revokeToken(tx, 999_999)),
      (error) => error instanceof AppError && error.code === 'not_found',
    );
  });
});
