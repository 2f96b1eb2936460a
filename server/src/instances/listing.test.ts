import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, newDatabase, newVps } from '../../test/client.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';

describe('lists of instances', () => {
  let test: TestApp;
  let call: Call;
  const ids: Record<string, string> = {};
  before(async () => {
    test = await startTestApp();
    call = clientOf(test.app.url!, test.team.token);
    for (const name of ['bravo', 'alpha', 'charlie', 'delta']) {
      const { status, body } = await call('POST', '/vps', newVps({ name }));
      assert.equal(status, 201, JSON.stringify(body));
      ids[name] = body.instance.id;
    }
    await waitFor('all of them to run', async () => (await list('?status=running')).total === 4);
    await call('POST', `/vps/${ids.alpha}/stop`);
    await waitFor('one to stop', async () => (await list('?status=stopped')).total === 1);
  });
  after(() => test?.close());

  async function list(query: string, path = '/vps') {
    const { status, body } = await call('GET', `${path}${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    const names = body.data.map(({ name }: { name: string }) => name) as string[];
    return { names, total: body.pagination.total as number, lastPage: body.pagination.last_page as number };
  }

  it('give the newest first, or the order that is asked for', async () => {
    assert.deepEqual((await list('')).names, ['delta', 'charlie', 'alpha', 'bravo']);
    assert.deepEqual((await list('?sort=created_at')).names, ['bravo', 'alpha', 'charlie', 'delta']);
    assert.deepEqual((await list('?sort=name')).names, ['alpha', 'bravo', 'charlie', 'delta']);
    assert.deepEqual((await list('?sort=-name&per_page=2')).names, ['delta', 'charlie']);
  });

  it('give what the parameters name, and count it', async () => {
    assert.deepEqual(await list('?name=bravo'), { names: ['bravo'], total: 1, lastPage: 1 });
    assert.deepEqual((await list('?name=brav')).names, []);
    assert.deepEqual((await list('?status=stopped')).names, ['alpha']);
    assert.deepEqual(await list('?status=running&per_page=2&page=2'), {
      names: ['bravo'],
      total: 3,
      lastPage: 2,
    });
    assert.equal((await list('?datacenter=hel1')).total, 0);
    const unknown = '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e';
    const wanted = [ids.delta!.toUpperCase(), ids.alpha, unknown].join(',');
    assert.deepEqual((await list(`?ids=${wanted}`)).names, ['delta', 'alpha']);
    assert.equal((await call('POST', '/database', newDatabase({ name: 'alpha' }))).status, 201);
    assert.equal((await list('?name=alpha', '/database')).total, 1);
    assert.equal((await list('?name=alpha', '/cache')).total, 0);
  });

  it('give nothing of other teams, whatever is named', async () => {
    const stranger = clientOf(test.app.url!, (await createTeam(test.database)).token);
    for (const query of [`?ids=${ids.delta}`, '?name=delta', '?status=running']) {
      const { body } = await stranger('GET', `/vps${query}`);
      assert.deepEqual([body.data, body.pagination.total], [[], 0], query);
    }
  });

  it('refuse what they do not know, and say what they take', async () => {
    for (const [query, field] of [
      ['?ids=12', 'ids'],
      ['?status=gone', 'status'],
      ['?sort=price', 'sort'],
      ['?nmae=web', 'nmae'],
    ] as const) {
      const { status, body } = await call('GET', `/vps${query}`);
      assert.equal(status, 422, query);
      assert.ok(body.errors[field], query);
    }
  });
});
