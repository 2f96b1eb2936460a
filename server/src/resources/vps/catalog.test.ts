import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../../test/api-client.ts';
import { startTestApp, type TestApp } from '../../../test/harness.ts';
import { CATALOG } from '../../images/catalog.ts';
import { groupedImages, listedImages } from './catalog.ts';

describe('what can be ordered', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp();
    call = createApiClient(test.app.http, test.team.token);
  });
  after(() => test?.close());

  it('leaves images out that cannot be had here, unless they are asked for', () => {
    const [first, second, third] = CATALOG;
    const reports = [
      { name: first!.id, state: 'ready' as const, reason: null },
      { name: second!.id, state: 'unavailable' as const, reason: 'The image server does not answer.' },
    ];
    assert.deepEqual(
      listedImages(reports, { unavailable: false }).map(({ id }) => id),
      [first!.id],
    );
    const all = listedImages(reports, { unavailable: true });
    assert.equal(all.length, CATALOG.length);
    const reasonOf = (id: string) => all.find((image) => image.id === id)!.unavailable_reason;
    assert.equal(reasonOf(second!.id), 'The image server does not answer.');
    assert.match(reasonOf(third!.id)!, /does not offer/);
    const groups = groupedImages(reports, { unavailable: false });
    assert.deepEqual(
      groups.flatMap(({ images }) => images.map(({ id }) => id)),
      [first!.id],
    );
  });

  it('takes the word of a query for all images in the ways that clients write it', async () => {
    for (const value of ['0', '1', 'true', 'false']) {
      assert.equal((await call('GET', `/vps/images?include_unavailable=${value}`)).status, 200, value);
    }
    assert.equal((await call('GET', '/vps/images/grouped?include_unavailable=maybe')).status, 422);
  });

  it('has plans under all names that clients know their members by', async () => {
    const { plans } = (await call('GET', '/vps/plans')).body;
    const nano = plans.find(({ slug }: { slug: string }) => slug === 'nano_shared');
    assert.equal(nano.display_name, 'Nano shared');
    assert.deepEqual([nano.name, nano.type], [nano.slug, nano.cpu_allocation_type]);
    assert.deepEqual([nano.memory_gb, nano.storage_gb], [nano.memory_size_gb, nano.storage_size_gb]);
    assert.equal(nano.monthly_cost, nano.monthly_cost_cents / 100);
    const [database] = (await call('GET', '/database/plans')).body.plans;
    assert.equal(database.memory_mb, database.memory_size_mb);
    assert.ok(!('provider' in database));
    const provider = async (query: string) =>
      (await call('GET', `/cache/plans${query}`)).body.plans[0].provider;
    assert.deepEqual([await provider('?provider=valkey'), await provider('')], ['valkey', null]);
  });
});
