import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createApiClient } from '../../test/api-client.ts';
import { suiteWithCustomer } from '../../test/customer.ts';
import { createTeam, issueToken } from '../../test/harness.ts';

const world = suiteWithCustomer();

it('finds resources of all kinds by name, id and address, and only those of the team that the token may read', async () => {
  const { call, customer, test } = world;
  const search = async (q: string, token = test.team.token) => {
    const answer = await createApiClient(test.app.http, token)(
      'GET',
      `/resources/search?q=${encodeURIComponent(q)}`,
    );
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.results as {
      type: string;
      id: string;
      name: string;
      match: string;
      status: string | null;
    }[];
  };
  const [id, other] = [
    await customer.running('vps', { name: 'shop' }),
    await customer.running('vps', { name: 'my-shop-2' }),
  ];
  const database = await customer.running('database', { name: 'shop-db' });
  const group = await call('POST', '/parameter-groups', {
    name: 'Shop_tuning 100%',
    type: 'database',
    provider_type: 'postgresql',
    parameters: {},
  });
  assert.equal(group.status, 201);

  const found = await search('SHOP');
  assert.deepEqual(
    found.slice(0, 1).map((one) => [one.type, one.id, one.match, one.status]),
    [['vps', id, 'name', 'running']],
  );
  const instances = found.filter(({ type }) => type === 'vps' || type === 'database');
  assert.deepEqual(
    instances.map((one) => one.id),
    [id, database, other],
  );
  assert.ok(found.some(({ type }) => type === 'firewall'));
  assert.ok(found.some(({ type }) => type === 'parameter-group'));
  // Signs of patterns stand for themselves.
  assert.deepEqual(
    (await search('_tuning 100%')).map(({ type }) => type),
    ['parameter-group'],
  );
  assert.deepEqual(await search('s_op'), []);

  assert.deepEqual((await search(id))[0], { ...found[0], match: 'id' });
  assert.equal((await search(id.toUpperCase().slice(0, 23)))[0]?.match, 'id');
  const { public_ip: address } = (await call('GET', `/vps/${id}`)).body.instance;
  const byAddress = await search(address);
  assert.deepEqual(
    byAddress.map((one) => [one.id, one.match]),
    [[id, 'address']],
  );
  const network = `${address.split('.').slice(0, 3).join('.')}.`;
  assert.equal((await search(network)).length, 3);

  const bucket = await call('POST', '/storage/buckets', {
    name: 'invoices',
    region: 'fsn1',
    tags: ['Billing'],
  });
  assert.equal(bucket.status, 201, JSON.stringify(bucket.body));
  assert.deepEqual(
    (await search('billing')).map((one) => [one.type, one.id, one.match]),
    [['bucket', bucket.body.bucket.id, 'tag']],
  );

  const blind = await issueToken(test.database.db, test.team, ['database:read']);
  assert.deepEqual(
    new Set((await search('shop', blind)).map(({ type }) => type)),
    new Set(['database', 'parameter-group']),
  );
  const stranger = await createTeam(test.database);
  for (const text of ['shop', id, address]) assert.deepEqual(await search(text, stranger.token), []);
  const blank = await call('GET', '/resources/search?q=%20');
  assert.deepEqual([blank.status, blank.body.results], [200, []]);
  assert.equal((await call('GET', '/resources/search')).status, 422);
});
