import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { newVps } from '../../test/client.ts';
import { createTeam, holdBack, issueToken, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';

interface Item {
  operation_id: string;
  kind: string;
  resource_type: string;
  state: string;
}

describe('GET /operations', () => {
  let test: TestApp;
  let call: ApiClient;
  let server: string;
  const list = async (query = '', token?: string): Promise<Item[]> => {
    const { status, body } = await call('GET', `/operations${query}`, token ? { token } : {});
    assert.equal(status, 200, JSON.stringify(body));
    return body.data;
  };
  const kinds = async (query: string): Promise<string[]> => (await list(query)).map(({ kind }) => kind);

  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, test.team.token);
    const { body } = await call('POST', '/vps', { body: newVps() });
    server = body.instance.id;
    assert.equal((await call('POST', '/firewalls', { body: { name: 'web', rules: [] } })).status, 201);
    for (const action of ['stop', 'start'])
      assert.equal((await call('POST', `/vps/${server}/${action}`)).status, 200);
    await waitFor('all to end', async () => (await list()).every(({ state }) => state === 'succeeded'));
  });
  after(() => test?.close());

  it('has those of the team, newest first, as each shows itself', async () => {
    const all = await list();
    assert.deepEqual(await kinds(`?resource_id=${server}`), ['start', 'stop', 'create']);
    assert.deepEqual(await kinds('?resource_type=vps&sort=created_at'), ['create', 'stop', 'start']);
    for (const item of all)
      assert.deepEqual((await call('GET', `/operations/${item.operation_id}`)).body.data, item);
    assert.deepEqual(await list('', (await createTeam(test.database)).token), []);
  });

  it('goes from cursor to cursor, and skips nothing', async () => {
    const found: Item[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const { body } = await call('GET', `/operations?per_page=2${next && `&after=${next}`}`);
      found.push(...body.data);
      next = body.pagination.next_cursor;
    }
    assert.deepEqual(found, await list());
    const [first] = found;
    assert.deepEqual(await list(`?ids=${first!.operation_id}`), [first]);
  });

  it('tells what waits from what has ended', async () => {
    const release = holdBack(test.plane, 'ensureStopped');
    try {
      await call('POST', `/vps/${server}/stop`);
      await call('POST', `/vps/${server}/start`);
      await waitFor('the first to begin', async () => (await list('?status=running')).length === 1);
      assert.deepEqual(await kinds('?status=queued'), ['start']);
      assert.deepEqual(await list('?status=failed'), []);
    } finally {
      release();
    }
    await waitFor(
      'all to end',
      async () => (await list('?status=succeeded')).length === (await list()).length,
    );
  });

  it('leaves out what the token may not read, and refuses to be asked for it', async () => {
    const token = await issueToken(test.database.db, test.team, ['firewall:read']);
    assert.ok((await list('', token)).every(({ resource_type }) => resource_type === 'firewall'));
    const refused = await call('GET', '/operations?resource_type=vps', { token });
    assert.deepEqual([refused.status, refused.body.required_scope], [403, 'vps:read']);
    assert.deepEqual(await list(`?resource_id=${server}`, token), []);
  });
});
