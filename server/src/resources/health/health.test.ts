import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { createApiClient } from '../../../test/api-client.ts';
import { startTestApp, type TestApp, waitFor } from '../../../test/harness.ts';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { cachedHealth, type HealthReport } from './probe.ts';

/** The value, once all that is due now has run. */
const turn = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(resolve, value));

const ENGINE = {
  name: 'incus' as const,
  version: '6.0.4',
  virtualization: 'container' as const,
  host: { vcpu: 2, memoryMb: 4096 },
};

describe('GET /health', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp();
  });
  after(() => test?.close());

  it('needs no token and says what the install is', async () => {
    const { status, body } = await createApiClient(test.app.http, null)('GET', '/health');
    assert.equal(status, 200);
    assert.equal(body.status, 'ok');
    assert.equal(body.engine_name, 'sim');
    assert.equal(body.simulated, true);
  });

  it('answers 503 while the data plane is unreachable, and 200 again after that', async () => {
    const call = createApiClient(test.app.http, null);
    const describeEngine = test.plane.describe;
    test.plane.describe = async () => {
      throw new DataPlaneError('unreachable', 'The engine does not answer.');
    };
    try {
      const away = await waitFor('503', async () => {
        const answer = await call('GET', '/health');
        return answer.status === 503 && answer;
      });
      assert.equal(away.body.status, 'unavailable');
      assert.equal(away.body.engine, 'unavailable');
      assert.equal(away.body.database, 'ok');
    } finally {
      test.plane.describe = describeEngine;
    }
    await waitFor('200', async () => (await call('GET', '/health')).status === 200);
  });
});

describe('health checks', () => {
  it('tells a database without room from one that does not answer', async () => {
    const states = ['53100', '25006', '58030', '57P03', 'ECONNREFUSED'].map(async (code) => {
      const health = cachedHealth({
        database: () => Promise.reject(Object.assign(new Error('no'), { code })),
        engine: async () => ENGINE,
        storage: async () => 'ok',
        images: async () => [],
      });
      return (await health()).database;
    });
    assert.deepEqual(await Promise.all(states), [
      'read_only',
      'read_only',
      'read_only',
      'unavailable',
      'unavailable',
    ]);
  });

  it('asks each part once for many simultaneous requests', async () => {
    let asked = 0;
    const health = cachedHealth({
      database: async () => void asked++,
      engine: async () => ENGINE,
      storage: async () => 'ok',
      images: async () => [],
    });
    const reports = await Promise.all(Array.from({ length: 50 }, () => health()));
    assert.equal(asked, 1);
    assert.ok(reports.every((report) => report.database === 'ok' && report.engine === ENGINE));
  });

  it('waits shortly for Incus until it has answered, and for longer after that', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    let answer = Promise.withResolvers<typeof ENGINE>();
    const health = cachedHealth({
      database: async () => {},
      engine: () => answer.promise,
      storage: async () => 'ok',
      images: async () => [],
    });
    const reported = async (milliseconds: number) => {
      mock.timers.tick(1_001);
      const report = health();
      mock.timers.tick(milliseconds);
      return (await Promise.race([report, turn('waiting')])) as string | HealthReport;
    };
    try {
      const before = await reported(500);
      assert.ok(typeof before === 'object' && before.engine === null && before.database === 'ok');
      answer.resolve(ENGINE);
      await turn(null);
      // It is there now, and slow.
      answer = Promise.withResolvers();
      assert.equal(await reported(1_900), 'waiting');
      answer.resolve(ENGINE);
      const after = await reported(0);
      assert.ok(typeof after === 'object' && after.engine === ENGINE);
    } finally {
      mock.timers.reset();
    }
  });

  it('counts a part that never answers as unreachable', async () => {
    const health = cachedHealth({
      database: () => new Promise(() => {}),
      engine: async () => ENGINE,
      storage: () => new Promise(() => {}),
      images: () => new Promise(() => {}),
    });
    assert.deepEqual(await health(), {
      database: 'unavailable',
      engine: ENGINE,
      storage: 'unknown',
      images: [],
    });
  });
});
