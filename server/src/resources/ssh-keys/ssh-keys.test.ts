import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { createTeam, startTestApp, type TestApp } from '../../../test/harness.ts';
import { testKey } from '../../../test/ssh-keys.ts';

describe('SSH keys', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
  });
  after(() => test?.close());

  const newTeam = async () => {
    const team = await createTeam(test.database);
    call = createApiClient(test.app.http, team.token);
    return team;
  };
  const add = (number: number, more: object = {}) =>
    call('POST', '/ssh-keys', { body: { name: `key ${number}`, public_key: testKey(number), ...more } });

  it('adds, shows, lists and deletes', async () => {
    const team = await newTeam();
    const { body } = await add(1);
    assert.equal(body.key.team_id, team.teamId);
    assert.equal(body.key.user_id, team.accountId);
    assert.equal(body.key.public_key, testKey(1));
    const { id } = body.key;
    assert.deepEqual((await call('GET', `/ssh-keys/${id}`)).body, { key: body.key });
    assert.deepEqual((await call('GET', '/ssh-keys')).body, {
      data: [body.key],
      pagination: { current_page: 1, last_page: 1, per_page: 15, total: 1, next_cursor: null },
    });
    assert.equal((await call('DELETE', `/ssh-keys/${id}`)).status, 200);
    assert.equal((await call('GET', `/ssh-keys/${id}`)).status, 404);
    assert.equal((await call('DELETE', `/ssh-keys/${id}`)).status, 404);
    assert.equal((await call('GET', '/ssh-keys')).body.pagination.total, 0);
    const { data } = (await call('GET', `/events?resource_type=ssh-key&resource_id=${id}`)).body;
    assert.deepEqual(
      data.map(({ type, payload }: { type: string; payload: object }) => [type, payload]),
      ['ssh-key.created', 'ssh-key.deleted'].map((type) => [
        type,
        { name: 'key 1', fingerprint: body.key.fingerprint },
      ]),
    );
  });

  it('lists in pages, newest first, and an empty page past the end', async () => {
    await newTeam();
    for (const number of [1, 2, 3]) await add(number);
    const names = async (query: string) => {
      const { body } = await call('GET', `/ssh-keys${query}`);
      return [body.data.map((key: { name: string }) => key.name), body.pagination.last_page];
    };
    assert.deepEqual(await names('?per_page=2'), [['key 3', 'key 2'], 2]);
    assert.deepEqual(await names('?per_page=2&page=2'), [['key 1'], 2]);
    assert.deepEqual(await names('?per_page=2&page=9'), [[], 2]);
  });

  it('refuses a key that the team has, whatever its comment, and names it', async () => {
    await newTeam();
    const { id } = (await add(1)).body.key;
    const again = await add(1, { public_key: testKey(1).replace('test-1', 'other comment') });
    assert.equal(again.status, 422);
    assert.deepEqual(again.body.errors, {
      public_key: [`The team already has this key: "key 1", with the id ${id}. Use that one.`],
    });
    assert.equal((await call('GET', '/ssh-keys')).body.pagination.total, 1);
  });

  it('has one default key at most', async () => {
    await newTeam();
    await Promise.all([1, 2, 3].map((number) => add(number, { is_default: true })));
    const { body } = await call('GET', '/ssh-keys');
    assert.equal(body.data.filter((key: { is_default: boolean }) => key.is_default).length, 1);
  });

  it('holds the quota exactly, under concurrency too', async () => {
    await newTeam();
    const answers = await Promise.all(Array.from({ length: 40 }, (_, number) => add(number)));
    assert.equal(answers.filter((answer) => answer.status === 201).length, 25);
    const refused = answers.find((answer) => answer.status !== 201)!;
    assert.equal(refused.status, 422);
    assert.equal(refused.body.code, 'quota_exceeded');
    assert.deepEqual([refused.body.quota, refused.body.limit, refused.body.used], ['ssh_key', 25, 25]);
    const { body } = await call('GET', '/ssh-keys?per_page=1');
    await call('DELETE', `/ssh-keys/${body.data[0].id}`);
    assert.equal((await add(100)).status, 201);
  });

  it('takes a quota of the team’s own', async () => {
    const { teamId } = await newTeam();
    const quotas = JSON.stringify({ ssh_key: 1 });
    await test.database.db.updateTable('teams').set({ quotas }).where('id', '=', teamId).execute();
    assert.equal((await add(1)).status, 201);
    assert.equal((await add(2)).body.limit, 1);
  });

  it('says why a key is not acceptable', async () => {
    await newTeam();
    const answer = await add(1, { public_key: '-----BEGIN OPENSSH PRIVATE KEY-----' });
    assert.equal(answer.status, 422);
    assert.match(answer.body.errors.public_key[0], /private key/);
  });
});
