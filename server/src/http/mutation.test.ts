import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { withBareServer } from '../../test/bare-server.ts';
import { createTeam, issueToken, joinTeam, startTestApp, type TestApp } from '../../test/harness.ts';
import { testKey } from '../../test/ssh-keys.ts';
import type { Api, HttpServer } from './api.ts';
import { mutate, purgeIdempotencyKeys } from './mutation.ts';
import type { TeamPrincipal } from './principal.ts';

describe('Idempotency-Key', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, test.team.token);
  });
  after(() => test?.close());

  const add = (key: string, body: object, token = test.team.token) =>
    call('POST', '/ssh-keys', { token, body, headers: { 'idempotency-key': key } });

  it('returns the stored answer to the same request', async () => {
    const body = { name: 'one', public_key: testKey(1), is_default: false };
    const first = await add('k1', body);
    const again = await add('k1', { is_default: false, public_key: body.public_key, name: 'one' });
    assert.equal(first.status, 201);
    assert.equal(first.headers['idempotency-replayed'], undefined);
    assert.equal(again.status, 201);
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.deepEqual(again.body, first.body);
  });

  it('rejects the key for another body, path or method', async () => {
    const { body } = await add('k2', { name: 'two', public_key: testKey(2) });
    const headers = { 'idempotency-key': 'k2' };
    const others = [
      await add('k2', { name: 'other', public_key: testKey(2) }),
      await call('DELETE', `/ssh-keys/${body.key.id}`, { headers }),
    ];
    for (const answer of others) {
      assert.equal(answer.status, 409);
      assert.equal(answer.body.code, 'idempotency_conflict');
    }
  });

  it('runs concurrent repetitions once', async () => {
    const body = { name: 'many', public_key: testKey(3) };
    const answers = await Promise.all(Array.from({ length: 20 }, () => add('k3', body)));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [201]);
    assert.equal(new Set(answers.map((answer) => answer.body.key.id)).size, 1);
    assert.equal(answers.filter((answer) => answer.headers['idempotency-replayed'] === undefined).length, 1);
  });

  it('does not keep the key of a failed request', async () => {
    const failed = await add('k4', { name: 'four', public_key: 'nonsense' });
    assert.equal(failed.status, 422);
    assert.equal((await add('k4', { name: 'four', public_key: testKey(4) })).status, 201);
  });

  it('keeps the keys of members of one team apart', async () => {
    const other = await createTeam(test.database);
    const token = await joinTeam(test.database, other.accountId, test.team.teamId);
    const mine = await add('k5', { name: 'five', public_key: testKey(5) });
    const theirs = await add('k5', { name: 'fifty', public_key: testKey(50) }, token);
    assert.equal(theirs.status, 201);
    assert.notEqual(theirs.body.key.id, mine.body.key.id);
  });

  it('keeps the keys of one account in its teams apart', async () => {
    const other = await createTeam(test.database);
    const token = await joinTeam(test.database, test.team.accountId, other.teamId);
    const body = { name: 'eight', public_key: testKey(8) };
    const here = await add('k8', body);
    const there = await add('k8', body, token);
    assert.equal(there.status, 201);
    assert.notEqual(there.body.key.id, here.body.key.id);
  });

  it('recognises the request of a token that was replaced', async () => {
    const body = { name: 'nine', public_key: testKey(9) };
    const first = await add('k9', body);
    const again = await add('k9', body, await issueToken(test.database.db, test.team));
    assert.equal(again.headers['idempotency-replayed'], 'true');
    assert.deepEqual(again.body, first.body);
  });

  it('accepts keys for requests that act on no team', async () => {
    let done = 0;
    const register = (api: Api) =>
      void api.post('/things', { config: { scope: null, team: 'none' } }, (request) => {
        // @ts-expect-error: services of a team's resources do not accept such a principal.
        request.principal satisfies TeamPrincipal;
        return mutate(request, async () => ({ done: ++done, team: request.principal.team }));
      });
    const work = async (_call: ApiClient, http: HttpServer) => {
      const send = (key: string, token: string) =>
        http.inject({
          method: 'POST',
          url: '/api/v1/things',
          // The header is ignored, even for a team that the account is not in.
          headers: { authorization: `Bearer ${token}`, 'idempotency-key': key, 'x-team-id': '999' },
        });
      const other = await createTeam(test.database);
      const answers = [
        await send('k1', test.team.token),
        await send('k1', test.team.token),
        await send('k10', test.team.token),
        await send('k10', other.token),
      ];
      assert.deepEqual(
        answers.map((answer) => [answer.statusCode, answer.json()]),
        [1, 1, 2, 3].map((count) => [200, { done: count, team: null }]),
      );
      assert.equal(answers[1]!.headers['idempotency-replayed'], 'true');
    };
    await withBareServer(register, work, { url: test.database.url });
  });

  it('refuses malformed keys', async () => {
    for (const key of ['', 'x'.repeat(256), 'é']) {
      const answer = await add(key, { name: 'six', public_key: testKey(6) });
      assert.equal(answer.status, 422, key);
      assert.ok(answer.body.errors['Idempotency-Key']);
    }
  });

  it('forgets keys after 24 hours', async () => {
    const body = { name: 'seven', public_key: testKey(7) };
    const first = await add('k7', body);
    await test.database.db
      .updateTable('idempotency_keys')
      .set({ created_at: sql`now() - interval '25 hours'` })
      .where('key', '=', 'k7')
      .execute();
    // The request was executed again: by now the team has this SSH key.
    assert.equal((await add('k7', body)).status, 422);
    assert.ok((await purgeIdempotencyKeys(test.database.db)) >= 1);
    await call('DELETE', `/ssh-keys/${first.body.key.id}`);
    assert.equal((await add('k7', body)).status, 201);
  });
});
