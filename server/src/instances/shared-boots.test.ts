import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../../test/database.ts';
import { waitFor } from '../../test/harness.ts';
import { SharedBoots } from './shared-boots.ts';

/** Those who get their turn, in order, and what gives it back. */
interface World {
  begun: string[];
  enter(process: SharedBoots, name: string, teamId: number): void;
  leave(name: string): void;
}

describe('turns to boot that several processes share', () => {
  let database: TestDatabase;
  let one: SharedBoots;
  let two: SharedBoots;
  const warnings: string[] = [];
  const note = (_fields: object, message: string) => void warnings.push(message);
  const log = { warn: note, error: note } as unknown as ConstructorParameters<typeof SharedBoots>[1];

  before(async () => {
    database = await createTestDatabase();
    one = new SharedBoots(database.url, log);
    two = new SharedBoots(database.url, log);
  });
  afterEach(() => waitFor('all turns to be given back', async () => (await rows()).length === 0));
  after(async () => {
    await one?.close();
    await two?.close();
    await database?.drop();
  });

  const rows = async (): Promise<{ team_id: number; began: boolean }[]> =>
    (await database.pool.query('select team_id, began from boots order by asked_at, id')).rows;
  const asked = (count: number) => waitFor('all to have asked', async () => (await rows()).length === count);

  function worldOf(slots: number): World {
    const begun: string[] = [];
    const leaving = new Map<string, () => void>();
    return {
      begun,
      enter(process, name, teamId) {
        void process.enter(teamId, slots).then((leave) => {
          begun.push(name);
          leaving.set(name, leave);
        });
      },
      leave(name) {
        leaving.get(name)!();
        // A second time does nothing.
        leaving.get(name)!();
      },
    };
  }

  it('are as many as there are slots, whoever asks', async () => {
    const { begun, enter, leave } = worldOf(2);
    enter(one, 'a', 1);
    await waitFor('the first', async () => begun.length === 1);
    enter(two, 'b', 2);
    await waitFor('the second', async () => begun.length === 2);
    enter(one, 'c', 3);
    enter(two, 'd', 4);
    await asked(4);
    assert.deepEqual(begun, ['a', 'b']);
    leave('b');
    await waitFor('the third', async () => begun.length === 3);
    leave('a');
    await waitFor('the fourth', async () => begun.length === 4);
    leave('c');
    leave('d');
  });

  it('leave one to other teams, and go to the team that has the fewest', async () => {
    const { begun, enter, leave } = worldOf(3);
    const begins = async (process: SharedBoots, name: string, teamId: number) => {
      enter(process, name, teamId);
      await waitFor(`${name} to begin`, async () => begun.at(-1) === name);
    };
    await begins(one, 'a1', 1);
    await begins(two, 'a2', 1);
    enter(one, 'a3', 1);
    await asked(3);
    enter(two, 'a4', 1);
    await asked(4);
    await begins(two, 'b1', 2);
    enter(one, 'b2', 2);
    await asked(6);
    assert.deepEqual(begun, ['a1', 'a2', 'b1']);
    for (const [leaves, next] of [
      ['b1', 'b2'],
      ['a1', 'a3'],
      ['a2', 'a4'],
    ] as const) {
      leave(leaves);
      await waitFor(`${next} to be next`, async () => begun.at(-1) === next);
    }
    for (const name of ['b2', 'a3', 'a4']) leave(name);
  });

  it('of a process that has died are free once it has been silent', async () => {
    await database.pool.query(
      `insert into boots (id, team_id, process, began, until)
       values ($1, 1, $2, true, clock_timestamp() + interval '1 second')`,
      [randomUUID(), randomUUID()],
    );
    const { begun, enter, leave } = worldOf(1);
    enter(one, 'a', 2);
    await waitFor('its turn', async () => begun.length === 1);
    assert.deepEqual(
      (await rows()).map(({ team_id }) => team_id),
      [2],
    );
    leave('a');
  });

  it('are kept over a failure of the database, and granted after it', async () => {
    const { begun, enter, leave } = worldOf(2);
    enter(one, 'a', 1);
    await waitFor('the first', async () => begun.length === 1);
    await database.pool.query('alter table boots rename to lost');
    try {
      enter(two, 'b', 2);
      await waitFor('it to be noticed', async () => warnings.length > 0);
      assert.deepEqual(begun, ['a']);
    } finally {
      await database.pool.query('alter table lost rename to boots');
    }
    await waitFor('the second', async () => begun.length === 2);
    // As if it had been silent for too long: it says again what it has.
    await database.pool.query('delete from boots');
    await waitFor(
      'both to be there again',
      async () => (await rows()).filter(({ began }) => began).length === 2,
    );
    leave('a');
    leave('b');
  });
});
