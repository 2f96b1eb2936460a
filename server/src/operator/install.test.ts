import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiClient, createApiClient } from '../../test/api-client.ts';
import { createTeam, makeOperator, startTestApp, type TestApp, waitFor } from '../../test/harness.ts';
import { forecast } from './capacity.ts';

describe('a forecast of capacity', () => {
  it('is when the limit is reached at the present growth, in whole days', () => {
    assert.deepEqual(forecast(60, 100, { perDay: 3, days: 10 }), { days_until_full: 13, reason: null });
    assert.deepEqual(forecast(100, 100, { perDay: null, days: 0 }), { days_until_full: 0, reason: null });
  });

  it('says why it cannot be made', () => {
    const reasonOf = (perDay: number | null, days: number, limit: number | null = 100) =>
      forecast(60, limit, { perDay, days }).reason;
    assert.equal(reasonOf(null, 0), 'no_history');
    assert.equal(reasonOf(5, 2.9), 'no_history');
    assert.equal(reasonOf(0, 30), 'not_growing');
    assert.equal(reasonOf(-1, 30), 'not_growing');
    assert.equal(reasonOf(0.001, 30), 'far_away');
    assert.equal(reasonOf(5, 30, null), 'no_limit');
  });
});

describe('the install, for operators', () => {
  let test: TestApp;
  let call: ApiClient;
  before(async () => {
    test = await startTestApp({ still: ['capacity-history', 'images-ahead'] });
    await makeOperator(test.database, test.team);
    call = createApiClient(test.app.http, test.team.token);
    await waitFor(
      'the look at the host',
      async () => (await call('GET', '/operator/capacity')).body.observed_at,
    );
  });
  after(() => test?.close());

  it('tells when it is full from how it filled up, and nothing before three days', async () => {
    const first = (await call('GET', '/operator/capacity')).body;
    assert.deepEqual([first.memory.days_until_full, first.memory.reason], [null, 'no_history']);
    const { memory_limit_mb: limit } = (await call('GET', '/operator/status')).body.capacity;
    // Ten days in which a tenth of the limit was promised each. What is left now lasts five and a
    // half, far enough from whole days that rounding cannot change the answer.
    await test.database.pool.query(
      `insert into capacity_samples select now() - make_interval(hours => 24 * day), ($1::bigint / 10) * (10 - day), 40, 1000
       from generate_series(0, 9) day`,
      [limit],
    );
    await test.database.pool.query('update capacity set memory_promised_mb = memory_limit_mb * 45 / 100');
    const { memory, disk, history, trend_days } = (await call('GET', '/operator/capacity')).body;
    assert.deepEqual([memory.days_until_full, memory.reason], [5, null]);
    assert.equal(disk.reason, 'not_growing');
    assert.equal(trend_days, 9);
    assert.ok(history.length >= 9 && history[0].at < history.at(-1).at);
    await test.database.pool.query('update capacity set memory_promised_mb = 0');
  });

  it('tells customers what is announced, from its time on and until it ends', async () => {
    const customer = await createTeam(test.database);
    const shown = async () =>
      (await call('GET', '/announcements', { token: customer.token })).body.data.map(
        ({ text }: { text: string }) => text,
      );
    const announce = (body: object) => call('POST', '/operator/announcements', { body });
    const now = await announce({ severity: 'warning', text: ' Maintenance now ' });
    assert.deepEqual([now.status, now.body.announcement.text], [201, 'Maintenance now']);
    const later = await announce({ severity: 'info', text: 'Later', starts_at: '2099-01-15T09:30:00Z' });
    assert.deepEqual(await shown(), ['Maintenance now']);
    const { data } = (await call('GET', '/operator/announcements')).body;
    assert.equal(data.length, 2);
    const backwards = { severity: 'info', text: 'x', starts_at: '2099-01-02', ends_at: '2099-01-01' };
    assert.equal((await announce(backwards)).status, 422);
    const refused = await call('POST', '/operator/announcements', {
      token: customer.token,
      body: { severity: 'info', text: 'not mine' },
    });
    assert.equal(refused.status, 403);
    for (const { body } of [now, later]) {
      const path = `/operator/announcements/${body.announcement.id}`;
      assert.equal((await call('DELETE', path)).status, 200);
      assert.equal((await call('DELETE', path)).status, 404);
    }
    assert.deepEqual(await shown(), []);
  });

  it('lists images, and has one built anew', async () => {
    const imageOf = async (name: string) =>
      (await call('GET', '/operator/images')).body.data.find((one: { name: string }) => one.name === name);
    assert.equal((await imageOf('debian-12')).is_ordered, false);
    const rebuild = (name: string) => call('POST', '/operator/images/rebuild', { body: { name } });
    assert.equal((await rebuild('debian-12')).status, 200);
    assert.equal((await imageOf('debian-12')).is_ordered, true);
    // Twice is once.
    assert.equal((await rebuild('debian-12')).status, 200);
    assert.equal((await rebuild('windows-3.1')).status, 404);
  });
});
