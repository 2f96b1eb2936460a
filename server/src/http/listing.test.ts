import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf, newDatabase, newVps } from '../../test/client.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { testKey } from '../../test/ssh-keys.ts';
import { SERVICE_IMAGES } from '../images/recipes.ts';

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

/** Lists from which a deleted item is gone at once, and what adds one. */
const LISTS: { path: string; newItem: (name: string, number: number) => object }[] = [
  { path: '/ssh-keys', newItem: (name, number) => ({ name, public_key: testKey(number) }) },
  { path: '/firewalls', newItem: (name) => ({ name, rules: [] }) },
  {
    path: '/parameter-groups',
    newItem: (name) => ({ name, type: 'database', provider_type: 'postgresql', parameters: {} }),
  },
];

describe('cursors of lists', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp();
    await test.plane.ensureImage(SERVICE_IMAGES[0]!);
  });
  after(() => test?.close());

  const newCall = async () => clientOf(test.app.url!, (await createTeam(test.database)).token);

  /** The items of all pages, from cursor to cursor. */
  async function walk(call: Call, path: string, seen: (items: Item[]) => Promise<void> = async () => {}) {
    const found: Item[] = [];
    let next: string | null = null;
    do {
      const after: string = next === null ? '' : `&after=${encodeURIComponent(next)}`;
      const { status, body } = await call('GET', `${path}${after}`);
      assert.equal(status, 200, JSON.stringify(body));
      found.push(...body.data);
      await seen(body.data);
      next = body.pagination.next_cursor;
    } while (next !== null);
    return found;
  }

  for (const { path, newItem } of LISTS) {
    it(`let ${path} be emptied page by page, and skip nothing`, async () => {
      const call = await newCall();
      for (let number = 1; number <= 6; number++) {
        const { status, body } = await call('POST', path, newItem(`item-${number % 3}`, number));
        assert.equal(status, 201, JSON.stringify(body));
      }
      const all: Item[] = (await call('GET', `${path}?per_page=100`)).body.data;
      for (const sort of ['-created_at', 'created_at', 'name', '-name']) {
        const whole: Item[] = (await call('GET', `${path}?per_page=100&sort=${sort}`)).body.data;
        assert.deepEqual(await walk(call, `${path}?per_page=2&sort=${sort}`), whole, sort);
      }
      const walked = await walk(call, `${path}?per_page=2`, async (items) => {
        for (const { id, is_system } of items) {
          if (!is_system) assert.equal((await call('DELETE', `${path}/${id}`)).status, 200);
        }
      });
      assert.deepEqual(
        walked.map(({ id }) => id),
        all.map(({ id }) => id),
      );
      const left: Item[] = (await call('GET', path)).body.data;
      assert.ok(left.every(({ is_system }) => is_system));
    });

    it(`narrow ${path} by name and ids`, async () => {
      const call = await newCall();
      const ids: (string | number)[] = [];
      for (const name of ['one', 'two']) {
        const { body } = await call('POST', path, newItem(name, 1 + ids.length));
        ids.push((Object.values(body).find((member) => typeof member === 'object') as Item).id);
      }
      for (const query of ['name=two', `ids=${ids[1]}`, `name=two&ids=${ids.join(',')}`]) {
        const { data, pagination } = (await call('GET', `${path}?${query}`)).body;
        assert.deepEqual([data.map(({ id }: Item) => id), pagination.total], [[ids[1]], 1], query);
      }
    });
  }

  it('go on in the order that they began with, and in no other', async () => {
    const call = await newCall();
    for (const name of ['bravo', 'alpha', 'delta']) {
      await call('POST', '/firewalls', { name, rules: [] });
    }
    const first = (await call('GET', '/firewalls?sort=name&per_page=1')).body;
    const after = `after=${first.pagination.next_cursor}`;
    const rest = (await call('GET', `/firewalls?${after}`)).body;
    assert.deepEqual(
      [...first.data, ...rest.data].map(({ name }: Item) => name),
      ['alpha', 'bravo', 'delta'],
    );
    assert.deepEqual([rest.pagination.total, rest.pagination.next_cursor], [3, null]);
    const other = await call('GET', `/firewalls?${after}&sort=created_at`);
    assert.ok(other.status === 422 && other.body.errors.sort);
    const nonsense = await call('GET', '/firewalls?after=nonsense');
    assert.ok(nonsense.status === 422 && nonsense.body.errors.after);
  });

  it('narrow firewalls and snapshots by status, and groups by engine', async () => {
    const call = await newCall();
    await call('POST', '/firewalls', { name: 'one', rules: [] });
    assert.equal((await call('GET', '/firewalls?status=error')).body.pagination.total, 0);
    assert.equal((await call('GET', '/snapshots/vps?status=ready&name=x')).body.pagination.total, 0);
    const groups: Item[] = (await call('GET', '/parameter-groups?type=cache&provider_type=valkey')).body.data;
    assert.deepEqual(
      groups.map(({ provider_type }) => provider_type),
      ['valkey'],
    );
  });
});

interface Item {
  id: string | number;
  name: string;
  is_system?: boolean;
  provider_type?: string;
}
