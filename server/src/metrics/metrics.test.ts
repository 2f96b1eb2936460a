import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Call, clientOf } from '../../test/client.ts';
import { customerOf } from '../../test/customer.ts';
import { createTeam, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { createLog } from '../lib/log.ts';
import { metricsOf } from './catalogue.ts';
import { detailCollector, metricsCleanup, platformCollector } from './collector.ts';
import { type MetricsStore, MetricsUnavailable, type Sample } from './contract.ts';
import { createSimMetricsStore } from './sim/store.ts';

const MINUTE = 60_000;
const GIB = 1024 ** 3;

/** A store in memory that a test can take away. */
function fragileStore(): { store: MetricsStore; setAway(away: boolean): void; asked(): number } {
  const inner = createSimMetricsStore();
  let away = false;
  let asked = 0;
  const guarded =
    <A extends unknown[], R>(verb: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      asked += 1;
      if (away) throw new MetricsUnavailable('The store of metrics does not answer.');
      return verb(...args);
    };
  return {
    store: {
      ...inner,
      push: guarded(inner.push),
      query: guarded(inner.query),
      queryRange: guarded(inner.queryRange),
    },
    setAway: (value) => {
      away = value;
    },
    asked: () => asked,
  };
}

describe('metrics of instances', () => {
  const fragile = fragileStore();
  let test: TestApp;
  let call: Call;
  let vps: string;
  let database: string;
  let cache: string;
  const ref = (kind: string, id: string) => ({ teamId: test.team.teamId, name: `${kind}-${id}` });
  const parts = () => ({
    database: test.database,
    plane: test.plane,
    metrics: fragile.store,
    log: createLog('silent'),
  });
  const history = async (kind: string, id: string, query: string) =>
    (await call('GET', `/${kind}/${id}/metrics/history?${query}`)).body;
  const current = async (kind: string, id: string, metric: string): Promise<number | undefined> => {
    const { data } = (await call('GET', `/${kind}/metrics?metric=${metric}`)).body;
    return data.find((one: { id: string }) => one.id === id)?.value;
  };
  const sample = (series: string, value: number, at: number, resource = vps): Sample => ({
    teamId: test.team.teamId,
    resource,
    series,
    value,
    at,
  });

  before(async () => {
    test = await startTestApp({
      metrics: fragile.store,
      still: ['metrics', 'metrics-details', 'metrics-cleanup'],
    });
    call = clientOf(test.app.url!, test.team.token);
    const { running } = customerOf(call);
    [vps, database, cache] = await Promise.all([running('vps'), running('database'), running('cache')]);
  });
  after(() => test?.close());

  it('are null before anything was measured', async () => {
    const { body, status } = await call('GET', `/vps/${vps}/metrics`);
    assert.equal(status, 200);
    assert.deepEqual(
      [
        body.cpu.usage_percent,
        body.memory.used_gb,
        body.storage.used_gb,
        body.network.status,
        body.timestamp,
      ],
      [null, null, null, null, null],
    );
    assert.deepEqual([body.cpu.cores, body.memory.total_gb, body.storage.total_gb], [2, 2, 40]);
    const { points } = await history('vps', vps, 'metric=cpu_usage');
    assert.ok(points.length > 100);
    assert.ok(points.every(({ value }: { value: unknown }) => value === null));
  });

  it('are what the data plane measures', async () => {
    const now = Date.now();
    const measured = (seconds: number, at: number) =>
      test.plane.drift.changeFigures(ref('vps', vps), {
        at,
        cpuSeconds: seconds,
        receivedBytes: seconds * 100,
        sentBytes: seconds * 300,
        packets: seconds * 50,
        faultyPackets: seconds,
        memoryUsedBytes: GIB,
      });
    const { run } = platformCollector(parts());
    measured(100, now - 30_000);
    await run();
    // Fifteen seconds of one of two processors.
    measured(115, now - 15_000);
    await run();
    test.plane.drift.fillDisk(ref('vps', vps), 10 * GIB);
    await detailCollector(parts()).run();
    const { body } = await call('GET', `/vps/${vps}/metrics`);
    assert.deepEqual(body.cpu, { usage_percent: 50, cores: 2, sockets: 1, threads: 2 });
    assert.deepEqual(body.memory, { used_gb: 1, total_gb: 2, usage_percent: 50 });
    assert.deepEqual(body.storage, { used_gb: 10, total_gb: 40, usage_percent: 25 });
    assert.deepEqual(body.network, {
      rx_bytes_per_sec: 100,
      tx_bytes_per_sec: 300,
      error_rate: 0.02,
      status: 'Warning',
    });
    assert.ok(body.uptime_seconds >= 0 && body.timestamp !== null);
  });

  it('of engines are what their control program says, at most what the engine has', async () => {
    const says = (found: Record<string, number | null>) =>
      test.plane.answerControl('metrics', JSON.stringify(found));
    says({ connected_clients: 45, max_clients: 50, keyspace_hits: null, total_queries: null });
    await detailCollector(parts()).run();
    assert.equal(await current('database', database, 'db_connections'), 45);
    assert.equal(await current('database', database, 'db_connection_usage'), 90);
    assert.equal(await current('database', database, 'db_queries_per_second'), undefined);
    assert.equal(await current('cache', cache, 'cache_connections'), 45);
    assert.equal(await current('cache', cache, 'cache_hit_ratio'), undefined);
  });

  it('miss only the instance that gives no answer', async () => {
    const metrics = createSimMetricsStore();
    const has = async (series: string) => (await metrics.listResources(series)).length;
    test.plane.faults.failNext('describeUsage', new DataPlaneError('failed', 'It broke.'));
    await detailCollector({ ...parts(), metrics }).run();
    assert.deepEqual([await has('disk_limit_bytes'), await has('disk_used_bytes')], [3, 2]);
    test.plane.faults.failNext('measureTeams', new DataPlaneError('unreachable', 'Incus is away.'));
    await assert.rejects(platformCollector({ ...parts(), metrics }).run(), /Incus is away/);
    assert.equal(await has('cpu_cores'), 0);
  });

  it('are shown at equal steps, and have gaps', async () => {
    const start = Math.floor(Date.now() / MINUTE) * MINUTE - 60 * MINUTE;
    // Two cores for ten minutes, nothing for ten, one core for ten.
    const samples: Sample[] = [];
    for (let second = 0; second < 1800; second += 15) {
      const at = start + second * 1000;
      if (second >= 600 && second < 1200) continue;
      samples.push(sample('cpu_cores', 2, at));
      samples.push(sample('cpu_seconds_total', second < 1200 ? second * 2 : second, at));
    }
    await fragile.store.push(samples);
    const iso = (minutes: number) => new Date(start + minutes * MINUTE).toISOString();
    const answer = await history('vps', vps, `metric=cpu_usage&from=${iso(5)}&to=${iso(29)}&step=240`);
    assert.deepEqual(
      [answer.metric, answer.unit, answer.step, answer.from],
      ['cpu_usage', '%', 240, answer.points[0].time],
    );
    const at = (minutes: number) => {
      const time = answer.points.find(
        (point: { time: string }) => Date.parse(point.time) >= start + minutes * MINUTE,
      );
      return time.value === null ? null : Math.round(time.value);
    };
    assert.deepEqual([at(5), at(15), at(25)], [100, null, 50]);
  });

  it('refuse what cannot be asked, and say why', async () => {
    const refusals: [string, string, RegExp][] = [
      ['', 'metric', /metric/],
      ['metric=cpu', 'metric', /cpu_usage/],
      ['metric=db_connections', 'metric', /cpu_usage/],
      ['metric=cpu_usage&step=1', 'step', /15/],
      ['metric=cpu_usage&from=yesterday', 'from', /ISO 8601/],
      ['metric=cpu_usage&from=2026-02-01T00:00Z&to=2026-01-01T00:00Z', 'from', /before the to field/],
      ['metric=cpu_usage&from=1960-01-01', 'from', /1970/],
      ['metric=cpu_usage&from=2026-01-01&to=2026-02-01&step=60', 'step', /at least 2682/],
      ['metric=cpu_usage&from=1970-01-02&to=2026-02-01', 'from', /at most 1000 points/],
    ];
    for (const [query, field, sentence] of refusals) {
      const { status, body } = await call('GET', `/vps/${vps}/metrics/history?${query}`);
      assert.equal(status, 422, query);
      assert.match(body.errors[field][0], sentence, query);
    }
  });

  it('take any time that can be, also one to come', async () => {
    for (const query of ['from=2050-01-01&to=2051-01-01', 'from=2000-01-01&to=2001-01-01', 'to=9999-12-31']) {
      const { status, body } = await call('GET', `/vps/${vps}/metrics/history?metric=cpu_usage&${query}`);
      assert.equal(status, 200, JSON.stringify(body));
      assert.ok(body.points.length <= 1000);
    }
  });

  it('of a page of instances are one question to the store', async () => {
    const asked = fragile.asked();
    const { body } = await call('GET', '/vps/metrics?metric=memory_usage');
    assert.equal(fragile.asked() - asked, 1);
    assert.deepEqual(body.data, [{ id: vps, value: 50 }]);
    assert.deepEqual([body.metric, body.unit], ['memory_usage', '%']);
    for (const metric of metricsOf('cache')) {
      assert.equal((await call('GET', `/cache/metrics?metric=${metric.name}`)).status, 200, metric.name);
    }
  });

  it('are shown to their team only', async () => {
    const stranger = clientOf(test.app.url!, (await createTeam(test.database)).token);
    for (const view of ['metrics', 'metrics/history?metric=cpu_usage']) {
      assert.equal((await stranger('GET', `/vps/${vps}/${view}`)).status, 404);
    }
    assert.deepEqual((await stranger('GET', '/vps/metrics?metric=memory_usage')).body.data, []);
  });

  it('say that they cannot be read while the store is away', async () => {
    fragile.setAway(true);
    try {
      for (const view of [
        `${vps}/metrics`,
        `${vps}/metrics/history?metric=cpu_usage`,
        'metrics?metric=cpu_usage',
      ]) {
        const { status, body } = await call('GET', `/vps/${view}`);
        assert.deepEqual([status, body.reason], [503, 'metrics_unreachable'], view);
      }
    } finally {
      fragile.setAway(false);
    }
  });

  it('end with the instance, and with the wish for them', async () => {
    const has = async (id: string) =>
      (await fragile.store.listResources('cpu_cores')).some(({ resource }) => resource === id);
    const { run: clean } = metricsCleanup(parts());
    await platformCollector(parts()).run();
    await clean();
    assert.ok((await has(vps)) && (await has(cache)));
    const { succeeds } = customerOf(call);
    await succeeds(call('POST', `/cache/${cache}/stop`));
    await call('DELETE', `/cache/${cache}`);
    await waitFor('the cache to be gone', async () => (await call('GET', `/cache/${cache}`)).status === 404);
    await clean();
    assert.deepEqual([await has(vps), await has(cache)], [true, false]);

    const changed = await call('PUT', `/vps/${vps}`, { configuration: { monitoring_enabled: false } });
    assert.equal(changed.status, 200);
    await fragile.store.deleteResource({ teamId: test.team.teamId, resource: vps });
    await platformCollector(parts()).run();
    assert.deepEqual([await has(vps), await has(database)], [false, true]);
  });
});
