import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestApp, type TestApp } from '../../../test/harness.ts';

describe('the account of a token', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp();
  });
  after(() => test?.close());

  it('is shown, also where clients of the v1 API look for it', async () => {
    const ask = (url: string, token = test.team.token) =>
      test.app.http.inject({ url, headers: { authorization: `Bearer ${token}` } });
    const { accountId, teamId } = test.team;
    const { rows } = await test.database.pool.query(
      'select id, name, email, operator from users where id = $1',
      [accountId],
    );
    const expected = { ...rows[0], current_team_id: teamId };
    for (const url of ['/api/v1/user', '/api/user']) assert.deepEqual((await ask(url)).json(), expected, url);
    assert.equal((await ask('/api/user', '1|wrong')).statusCode, 401);
    assert.equal((await ask('/api/user/teams')).statusCode, 404);
  });
});
