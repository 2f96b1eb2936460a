import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createApiClient } from '../../test/api-client.ts';
import { startTestApp, type TestApp, testConfig, waitFor } from '../../test/harness.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { createLog } from '../lib/log.ts';
import { runOnce } from '../reconcilers/reconcilers.ts';
import { imagesAhead, imagesToBuild, pauseAfter } from './ahead.ts';
import { readImageBuilds } from './build-records.ts';
import { SERVICE_IMAGES } from './recipes.ts';

const log = createLog('silent');

describe('images built ahead', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp({
      config: testConfig({ DANUBE_IMAGES_AHEAD: 'redis-8.0,valkey-9.1' }),
      still: ['images-ahead'],
    });
    // Nothing is built before it is known that the pool has room.
    await waitFor('the size of the pool', async () => {
      const row = await test.database.db.selectFrom('capacity').select('pool_mb').executeTakeFirst();
      return row?.pool_mb !== null && row?.pool_mb !== undefined;
    });
  });
  after(() => test?.close());

  const health = async () => (await createApiClient(test.app.http, null)('GET', '/health')).body;
  const healthOnceIt = (what: string, is: (body: Awaited<ReturnType<typeof health>>) => boolean) =>
    waitFor(what, async () => {
      const body = await health();
      return is(body) && body;
    });
  const ahead = () => imagesAhead({ ...test, log }, imagesToBuild(['redis-8.0', 'valkey-9.1']));

  it('are built one after the other, what fails is told, and is tried again after a pause', async () => {
    const refuse = new DataPlaneError('image_build_failed', 'The image redis-8.0 could not be built.');
    const order: unknown[] = [];
    const away = test.plane.faults.before((verb, name) => {
      if (verb !== 'ensureImage') return;
      order.push(name);
      if (name === 'redis-8.0') throw refuse;
    });
    try {
      await ahead().run();
      await ahead().run();
    } finally {
      away();
    }
    assert.deepEqual(order, ['debian-12', 'redis-8.0', 'valkey-9.1']);
    const body = await healthOnceIt('a degraded install', ({ status }) => status === 'degraded');
    assert.deepEqual(body.images, { building: null, percent: null, waiting: [], failed: ['redis-8.0'] });
    assert.match(body.message, /Not built ahead: redis-8\.0/);
    assert.equal((await createApiClient(test.app.http, null)('GET', '/health')).status, 200);

    await test.database.db
      .updateTable('image_builds')
      .set({ next_at: new Date(0) })
      .execute();
    await ahead().run();
    await healthOnceIt(
      'a healthy install',
      ({ status, images }) => status === 'ok' && images.failed.length === 0,
    );
  });

  it('tells what is being built, ends with the server, and goes on with the next one', async () => {
    await test.database.db.insertInto('image_builds').values({ name: 'redis-7.0' }).execute();
    const stopping = new AbortController();
    const builder = imagesAhead({ ...test, log }, ['redis-7.0']);
    const { ensureImage } = test.plane;
    test.plane.ensureImage = (_name, progress, options) =>
      new Promise((_resolve, reject) => {
        progress?.('Building redis-7.0', 40);
        options?.ahead?.addEventListener('abort', () => reject(options.ahead?.reason));
      });
    const pass = builder.run(stopping.signal);
    try {
      const { images } = await healthOnceIt('progress', ({ images }) => images.percent === 40);
      assert.deepEqual(images, { building: 'redis-7.0', percent: 40, waiting: [], failed: [] });
    } finally {
      stopping.abort();
      await pass;
      test.plane.ensureImage = ensureImage;
    }
    const [row] = await readImageBuilds(test.database.db);
    assert.deepEqual([row?.message, row?.failures, row?.due], [null, 0, true]);
    await imagesAhead({ ...test, log }, ['redis-7.0']).run();
    assert.deepEqual(await readImageBuilds(test.database.db), []);
  });

  it('are none where the setting says so, whatever an earlier one named', async () => {
    await test.database.db.insertInto('image_builds').values({ name: 'redis-7.0' }).execute();
    await runOnce(test.database, imagesAhead({ ...test, log }, imagesToBuild([])));
    await waitFor('an empty list', async () => {
      await imagesAhead({ ...test, log }, imagesToBuild([])).run();
      return (await readImageBuilds(test.database.db)).length === 0;
    });
  });
});

describe('the order of images built ahead', () => {
  it('begins with the default image, and with the default version of each engine', () => {
    const order = imagesToBuild('all');
    assert.equal(order[0], 'debian-12');
    assert.deepEqual(
      order
        .slice(1, 6)
        .map((name) => name.split('-')[0])
        .toSorted(),
      ['mariadb', 'mysql', 'postgresql', 'redis', 'valkey'],
    );
    for (const image of SERVICE_IMAGES) assert.ok(order.includes(image), image);
    assert.equal(new Set(order).size, order.length);
  });

  it('waits longer after each failure, up to six hours', () => {
    assert.deepEqual([1, 2, 3, 20].map(pauseAfter), [60, 120, 240, 6 * 3600]);
  });
});
