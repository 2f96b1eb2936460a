import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Type } from 'typebox';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { createTeam } from '../../test/harness.ts';
import { REPEAT, randomFrom, SEED } from '../../test/seed.ts';
import type { Tx } from '../db/database.ts';
import { uuidv7 } from '../lib/ids.ts';
import { normal, registerEvents } from './catalogue.ts';
import { findUncatalogued } from './consistency.ts';
import { BEGINNING, listEvents, readEvents, record } from './store.ts';

const rung = normal(
  'bell.rung',
  'Rung',
  Type.Object({ number: Type.Integer() }),
  ({ number }) => `Ring ${number}.`,
);

describe('the log of events', () => {
  let database: TestDatabase;
  let teamId: number;
  before(async () => {
    database = await createTestDatabase();
    ({ teamId } = await createTeam(database));
  });
  after(() => database?.drop());

  const ring = (tx: Tx, number: number, resourceId = uuidv7()) =>
    record(tx, rung, { teamId, resourceType: 'bell', resourceId }, { number });
  const end = async (): Promise<number> => {
    const rest = await readEvents(database, BEGINNING, 1_000_000);
    return rest.at(-1)?.position ?? BEGINNING;
  };
  const numbersAfter = async (position: number) =>
    (await readEvents(database, position, 100)).map(({ payload }) => (payload as { number: number }).number);

  it('stores only the payload that the catalogue lists', async () => {
    const resourceId = uuidv7();
    const payload = { number: 1, password: 'secret' };
    const subject = { teamId, resourceType: 'bell', resourceId };
    await database.transaction((tx) => record(tx, rung, subject, payload));
    const [event] = await listEvents(database.db, resourceId, 10);
    assert.deepEqual(
      [event?.type, event?.severity, event?.reason, event?.message, event?.payload],
      ['bell.rung', 'Normal', 'Rung', 'Ring 1.', { number: 1 }],
    );
    assert.equal((await findUncatalogued(database.db, teamId)).length, 1);
    registerEvents([rung]);
    assert.deepEqual(await findUncatalogued(database.db, teamId), []);
    assert.throws(() => registerEvents([{ ...rung }]), /two types of event "bell.rung"/);
  });

  it('shows an event that was written first and committed last to a reader that has gone on', async () => {
    const start = await end();
    const early = await database.db.startTransaction().execute();
    await ring(early, 1);
    await database.transaction((tx) => ring(tx, 2));
    assert.deepEqual(await numbersAfter(start), [2]);
    const position = await end();
    await early.commit().execute();
    assert.deepEqual(await numbersAfter(position), [1]);
    assert.deepEqual(await numbersAfter(start), [2, 1]);
  });

  it('is read whole, once and in one order, while many transactions commit and roll back', async (context) => {
    context.diagnostic(REPEAT);
    const start = await end();
    const committed = new Set<number>();
    let writing = true;
    const writers = Promise.all(
      Array.from({ length: 10 }, (_, writer) => write(writer, randomFrom(SEED + writer))),
    ).finally(() => {
      writing = false;
    });
    const readers = Array.from({ length: 3 }, (_, reader) => follow(randomFrom(SEED + 100 + reader)));
    await writers;
    const [first, ...others] = await Promise.all(readers);
    for (const other of others) assert.deepEqual(other, first);
    const late = (await readEvents(database, start, 100_000)).map(({ id }) => id);
    assert.deepEqual(late, first);
    const rows = await readEvents(database, start, 100_000);
    const numbers = rows.map(({ payload }) => (payload as { number: number }).number);
    assert.equal(numbers.length, committed.size);
    assert.deepEqual(new Set(numbers), committed);
    // Each bell's events are read in the order written: a writer waits for the previous one to commit.
    for (const rings of Map.groupBy(rows, ({ resource_id }) => resource_id).values()) {
      const ids = rings.map(({ id }) => id);
      assert.deepEqual(
        ids,
        ids.toSorted((a, b) => a - b),
      );
    }
    const overtaken = late.filter((id, index) => id < (late[index - 1] ?? 0)).length;
    context.diagnostic(`${late.length} events, ${overtaken} of them read after one that was written later`);

    /** Runs transactions one after the other, each about the same bell, and rolls back a fifth of them. */
    async function write(writer: number, random: () => number): Promise<void> {
      const bell = uuidv7();
      const pause = () => delay(8 * random());
      for (let turn = 0; turn < 25; turn++) {
        const numbers = Array.from(
          { length: 1 + Math.floor(3 * random()) },
          (_, index) => writer * 1000 + turn * 10 + index,
        );
        const isVain = random() < 0.2;
        const work = database.transaction(async (tx) => {
          for (const number of numbers) {
            await ring(tx, number, bell);
            await pause();
          }
          if (isVain) throw new Error('in vain');
        });
        if (isVain) await assert.rejects(work, { message: 'in vain' });
        else await work;
        if (!isVain) for (const number of numbers) committed.add(number);
      }
    }

    /** Reads continuously, a few events at a time, until no more will come. Returns their ids in the order read. */
    async function follow(random: () => number): Promise<number[]> {
      const seen: number[] = [];
      for (let position = start; ; ) {
        const isLast = !writing;
        const events = await readEvents(database, position, 1 + Math.floor(20 * random()));
        seen.push(...events.map(({ id }) => id));
        position = events.at(-1)?.position ?? position;
        if (isLast && events.length === 0) return seen;
      }
    }
  });
});
