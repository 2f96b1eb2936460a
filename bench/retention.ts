/** What it costs to delete old events, of a million that came in 90 days, beside what it costs to write as many. */

import { BEGINNING, purgeEvents, readEvents, recordAll } from '../server/src/events/store.ts';
import { uuidv7 } from '../server/src/lib/ids.ts';
import { vpsEvents } from '../server/src/resources/vps/events.ts';
import { createTestDatabase, type TestDatabase } from '../server/test/database.ts';
import { createTeam } from '../server/test/harness.ts';
import type { Row } from './report.ts';

const EVENTS = 1_000_000;
const DAYS = 90;
/** Parts of the log that are replaced one after the other. */
const PARTS = 10;
const PART = EVENTS / PARTS;
const MIB = 1024 ** 2;

/** Milliseconds, and MiB of the write-ahead log. */
interface Cost {
  ms: number;
  walMib: number;
}

export async function benchRetention(): Promise<Row[]> {
  const database = await createTestDatabase();
  try {
    const { teamId } = await createTeam(database);
    await fill(database, teamId);
    const fresh = await sizeMib(database);
    const hour = await costOf(database, () => purgeEvents(database.db, DAYS));
    const written: Cost[] = [];
    const deleted: Cost[] = [];
    for (let part = 1; part <= PARTS; part++) {
      written.push(await costOf(database, () => write(database, teamId, PART)));
      deleted.push(await costOf(database, () => purgeEvents(database.db, DAYS - (DAYS / PARTS) * part)));
      // As many rows have changed as let PostgreSQL begin by itself: a fifth of the table.
      const vacuum = await costOf(database, () => database.pool.query('vacuum events'));
      deleted.at(-1)!.ms += vacuum.ms;
      deleted.at(-1)!.walMib += vacuum.walMib;
    }
    const [write_, delete_] = [sum(written), sum(deleted)];
    const anHour = Math.round(EVENTS / DAYS / 24);
    return [
      row(`Deleting the events of an hour, ${anHour}`, hour.ms, (write_.ms / EVENTS) * anHour, 'ms'),
      row('Deleting a million events, and vacuuming', delete_.ms / 1000, write_.ms / 1000, 's'),
      row('The same, write-ahead log', delete_.walMib, write_.walMib, 'MiB'),
      {
        ...row('Size of the log after a million were replaced', await sizeMib(database), fresh, 'MiB'),
        floorName: 'a new log of as many',
        aim: '≤ 1.5',
      },
    ];
  } finally {
    await database.drop();
  }
}

const row = (name: string, ours: number, floor: number, unit: string): Row => ({
  name,
  ours,
  floor,
  floorName: 'writing them',
  unit,
  aim: '≤ 1',
});

/** Events of a team, of 90 days and an hour. */
async function fill({ pool }: TestDatabase, teamId: number): Promise<void> {
  await pool.query(
    `insert into events (team_id, resource_type, resource_id, type, severity, reason, message, payload, created_at, position)
     select $1, 'vps', md5((n % 1000)::text)::uuid, 'vps.rebooted', 'Normal', 'Rebooted', 'The server was rebooted.', '{}',
       now() - (interval '1 day' * $3 + interval '1 hour') * (1 - n::float8 / $2), nextval('event_positions')
     from generate_series(1, $2) n`,
    [teamId, EVENTS, DAYS],
  );
  await pool.query('vacuum analyze events');
}

/** Writes events and gives them their positions, as servers do. */
async function write(database: TestDatabase, teamId: number, count: number): Promise<void> {
  const resources = Array.from({ length: 1000 }, () => uuidv7());
  for (let done = 0; done < count; done += resources.length) {
    const events = resources.map((resourceId) => ({
      subject: { teamId, resourceType: 'vps', resourceId },
      payload: {},
    }));
    await database.transaction((tx) => recordAll(tx, vpsEvents.rebooted, events));
    await readEvents(database, BEGINNING, 1);
  }
}

async function costOf({ pool }: TestDatabase, work: () => Promise<unknown>): Promise<Cost> {
  const at = async () => (await pool.query('select pg_current_wal_insert_lsn() as at')).rows[0].at as string;
  const [before, start] = [await at(), performance.now()];
  await work();
  const ms = performance.now() - start;
  const { rows } = await pool.query('select pg_wal_lsn_diff($1, $2)::float8 as bytes', [await at(), before]);
  return { ms, walMib: rows[0].bytes / MIB };
}

const sum = (costs: readonly Cost[]): Cost => ({
  ms: costs.reduce((total, { ms }) => total + ms, 0),
  walMib: costs.reduce((total, { walMib }) => total + walMib, 0),
});

async function sizeMib({ pool }: TestDatabase): Promise<number> {
  const { rows } = await pool.query(`select pg_total_relation_size('events')::float8 as bytes`);
  return rows[0].bytes / MIB;
}
