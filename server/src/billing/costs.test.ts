import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { insertTeam } from '../identity/teams/members.ts';
import { uuidv7 } from '../lib/ids.ts';
import { csvOf } from './csv.ts';
import { exportCosts, listMonths, purgeUsage, readAllCosts, readCosts } from './service.ts';

const HOUR = 3_600_000;

/** A period as the ledger has it. */
interface Period {
  price: number;
  from: string;
  /** Null: it is open. */
  to: string | null;
}

describe('what resources cost', () => {
  let database: TestDatabase;
  let accountId: number;
  before(async () => {
    database = await createTestDatabase();
    const { id } = await database.db
      .insertInto('users')
      .values({ email: 'ada@example.org', name: 'Ada' })
      .returning('id')
      .executeTakeFirstOrThrow();
    accountId = id;
  });
  after(() => database?.close());

  const newTeam = () => database.transaction((tx) => insertTeam(tx, { name: 'Shop', ownerId: accountId }));

  /** A resource that had these prices. */
  async function resource(teamId: number, periods: readonly Period[], name = 'web-1'): Promise<string> {
    const id = uuidv7();
    for (const { price, from, to } of periods) {
      await sql`insert into usage_periods (team_id, resource_type, resource_id, name, plan, price_cents, began_at, ended_at)
        values (${teamId}, 'vps', ${id}, ${name}, ${`${price} cents`}, ${price}, ${from}, ${to})`.execute(
        database.db,
      );
    }
    return id;
  }

  const costsOf = async (teamId: number, month: string, now = '2027-01-01T00:00:00Z') =>
    readCosts(database.db, teamId, { month }, new Date(now));

  it('a whole month costs its price, whether it has 28 or 31 days less or more than 730 hours', async () => {
    const teamId = await newTeam();
    await resource(teamId, [{ price: 449, from: '2026-01-20T00:00:00Z', to: null }]);
    const totals: Record<string, number> = {};
    for (const month of ['2026-03', '2026-04', '2026-02'])
      totals[month] = (await costsOf(teamId, month)).total_cents;
    // 744 hours, of which 730 count; 720; 672.
    assert.deepEqual(totals, { '2026-03': 449, '2026-04': 443, '2026-02': 413 });
  });

  it('rounds once for each resource, half a cent up', async () => {
    const teamId = await newTeam();
    const from = '2026-03-02T00:00:00Z';
    // 365 hours are half a month: 2 cents and a half, of one hour of each of many prices, and of one price.
    await resource(teamId, [{ price: 5, from, to: new Date(Date.parse(from) + 365 * HOUR).toISOString() }]);
    const hourly = Array.from({ length: 365 }, (_, hour) => ({
      price: 5,
      from: new Date(Date.parse(from) + hour * HOUR).toISOString(),
      to: new Date(Date.parse(from) + (hour + 1) * HOUR).toISOString(),
    }));
    await resource(teamId, hourly);
    const { lines, total_cents } = await costsOf(teamId, '2026-03');
    assert.deepEqual(
      lines.map(({ amount_cents, hours }) => [amount_cents, hours]),
      [
        [3, 365],
        [3, 365],
      ],
    );
    assert.equal(total_cents, 6);
  });

  it('counts the first 730 hours of a resource that has several prices in a month', async () => {
    const teamId = await newTeam();
    await resource(teamId, [
      { price: 730, from: '2026-03-01T00:00:00Z', to: '2026-03-31T00:00:00Z' },
      { price: 7300, from: '2026-03-31T00:00:00Z', to: null },
    ]);
    const [line] = (await costsOf(teamId, '2026-03')).lines;
    // 720 hours of a cent, and 10 hours of 10 cents; 14 hours are free.
    assert.deepEqual([line!.amount_cents, line!.hours, line!.monthly_cost_cents], [820, 744, 7300]);
  });

  it('counts the present month until now, and says what it will have cost', async () => {
    const teamId = await newTeam();
    await resource(teamId, [{ price: 730, from: '2026-04-10T00:00:00Z', to: null }]);
    await resource(
      teamId,
      [{ price: 730, from: '2026-04-01T00:00:00Z', to: '2026-04-01T10:00:00Z' }],
      'gone',
    );
    const costs = await costsOf(teamId, '2026-04', '2026-04-11T00:00:00Z');
    assert.deepEqual(
      [costs.total_cents, costs.forecast_cents, costs.is_final, costs.resources],
      [34, 504 + 10, false, 2],
    );
    assert.deepEqual((await costsOf(teamId, '2026-05', '2026-04-11T00:00:00Z')).lines, []);
    const later = await costsOf(teamId, '2026-04', '2026-05-01T00:00:00Z');
    assert.deepEqual([later.total_cents, later.forecast_cents, later.is_final], [514, 514, true]);
    const { data } = await listMonths(database.db, teamId, new Date('2026-06-02T00:00:00Z'));
    assert.deepEqual(
      data.map(({ month, total_cents }) => [month, total_cents]),
      [
        ['2026-06', 24],
        ['2026-05', 730],
        ['2026-04', 514],
      ],
    );
  });

  it('lists the months as each of them is shown, over years, and forgets what ended before them', async () => {
    const teamId = await newTeam();
    await resource(teamId, [{ price: 299, from: '2005-12-31T23:00:00Z', to: '2006-02-01T01:00:00Z' }], 'old');
    await resource(teamId, [
      { price: 449, from: '2016-12-31T23:59:59.5Z', to: '2019-06-30T12:00:00Z' },
      { price: 749, from: '2019-06-30T12:00:00Z', to: '2019-07-02T00:00:00Z' },
    ]);
    await resource(teamId, [{ price: 999, from: '2026-03-20T00:00:00Z', to: null }]);
    await resource(teamId, [{ price: 1249, from: '2024-02-10T00:00:00Z', to: '2024-03-01T00:00:00Z' }]);
    const now = new Date('2026-04-11T00:00:00Z');
    const { data } = await listMonths(database.db, teamId, now);
    assert.equal(data.length, 1 + 2 * 12 + 7 + 1 + 2);
    for (const { month, ...totals } of data) {
      const shown = await readCosts(database.db, teamId, { month }, now);
      const { total_cents, forecast_cents, resources, is_final } = shown;
      assert.deepEqual(totals, { total_cents, forecast_cents, resources, is_final }, month);
    }
    assert.equal((await costsOf(teamId, '2006-01')).total_cents, 299);
    await purgeUsage(database.db, now);
    assert.equal((await costsOf(teamId, '2006-01')).total_cents, 0);
    assert.deepEqual((await listMonths(database.db, teamId, now)).data, data);
  });

  it('shows operators what each team costs, and that is the sum of the lines', async () => {
    const [small, large] = [await newTeam(), await newTeam()];
    const hours = { from: '2025-04-01T00:00:00Z', to: '2025-04-02T00:00:00Z' };
    await resource(small, [{ price: 365, ...hours }]);
    await resource(large, [{ price: 730, ...hours }]);
    await resource(large, [{ price: 7300, ...hours }]);
    const now = new Date('2026-01-01T00:00:00Z');
    const { teams, total_cents } = await readAllCosts(database.db, { month: '2025-04' }, now);
    assert.deepEqual(
      teams.map((team) => [team.team_id, team.total_cents, team.resources]),
      [
        [large, 264, 2],
        [small, 12, 1],
      ],
    );
    assert.equal(total_cents, 276);
    const lines = await exportCosts(database.db, null, { month: '2025-04' }, now);
    assert.equal(
      lines.reduce((sum, { cents }) => sum + cents, 0),
      276,
    );
  });

  it('writes a table in which no name is a formula', async () => {
    const teamId = await newTeam();
    await resource(teamId, [{ price: 1, from: '2026-03-01T00:00:00Z', to: null }], '=1+"2",3');
    const lines = await exportCosts(
      database.db,
      teamId,
      { month: '2026-03' },
      new Date('2026-04-01T00:00:00Z'),
    );
    const [titles, row, end] = csvOf(lines).split('\r\n');
    assert.match(titles!, /^month,team_id,/);
    assert.ok(
      row!.includes(`,"'=1+""2"",3",1 cents,1,2026-03-01T00:00:00.000Z,2026-04-01T00:00:00.000Z,744,1`),
      row,
    );
    assert.equal(end, '');
  });

  it('costs what a count of every second gives, whatever the periods', async () => {
    const start = Date.parse('2026-03-01T00:00:00Z');
    const step = fc.record({
      hours: fc.integer({ min: 0, max: 400 }),
      seconds: fc.integer({ min: 0, max: 3599 }),
      price: fc.constantFrom(0, 1, 299, 449, 19_999),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const teamId = await newTeam();
        const periods: Period[] = [];
        const counted = new Map<string, { seconds: number; sum: bigint }>();
        let at = start;
        for (const { hours, seconds, price } of steps) {
          const until = at + hours * HOUR + seconds * 1000;
          if (price > 0)
            periods.push({ price, from: new Date(at).toISOString(), to: new Date(until).toISOString() });
          while (at < until) {
            const [year, month] = [new Date(at).getUTCFullYear(), new Date(at).getUTCMonth()];
            const piece = Math.min(until, Date.UTC(year, month + 1, 1)) - at;
            const name = new Date(at).toISOString().slice(0, 7);
            const known = counted.get(name) ?? { seconds: 0, sum: 0n };
            const paid = price > 0 ? Math.min(piece / 1000, 730 * 3600 - known.seconds) : 0;
            counted.set(name, {
              seconds: known.seconds + paid,
              sum: known.sum + BigInt(paid) * BigInt(price),
            });
            at += piece;
          }
        }
        await resource(teamId, periods);
        for (const [month, { sum }] of counted) {
          const second = 730n * 3600n;
          const expected = Number((2n * sum + second) / (2n * second));
          assert.equal((await costsOf(teamId, month, '2030-01-01T00:00:00Z')).total_cents, expected, month);
        }
      }),
      { numRuns: 40 },
    );
  });
});
