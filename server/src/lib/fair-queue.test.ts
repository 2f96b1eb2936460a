import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FairQueue, NoSlot } from './fair-queue.ts';

/** Lets pending promise callbacks run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

interface Entry {
  key: string;
  release: (() => void) | null;
  ended: boolean;
}

/** Someone arrives with a key, or the nth of those at work ends. */
type Move = { arrive: string } | { end: number };

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    fc.record({ arrive: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ end: fc.nat({ max: 9 }) }),
  ),
  { maxLength: 80 },
);

const bounds = fc.record({ slots: fc.integer({ min: 1, max: 5 }), perKey: fc.integer({ min: 1, max: 5 }) });

/** What a queue has done: all who arrived, and in which order they got their slots. */
class Trial {
  readonly queue: FairQueue;
  readonly entries: Entry[] = [];
  readonly granted: Entry[] = [];

  constructor(options: { slots: number; perKey: number; perKeyAmongOthers?: number }) {
    this.queue = new FairQueue(options);
  }

  async move(move: Move): Promise<void> {
    if ('arrive' in move) {
      const entry: Entry = { key: move.arrive, release: null, ended: false };
      this.entries.push(entry);
      void this.queue.enter(entry.key).then((release) => {
        entry.release = release;
        this.granted.push(entry);
      });
    } else {
      const working = this.atWork();
      const entry = working[move.end % Math.max(1, working.length)];
      if (entry) {
        entry.ended = true;
        entry.release!();
        // A second time has no effect.
        entry.release!();
      }
    }
    await settle();
  }

  atWork = (key?: string) =>
    this.entries.filter((entry) => entry.release && !entry.ended && (key ?? entry.key) === entry.key);
  waiting = (key?: string) =>
    this.entries.filter((entry) => !entry.release && (key ?? entry.key) === entry.key);
}

describe('a fair queue', () => {
  test('keeps its bounds, wastes no slot, and keeps the order of each key', async () => {
    await fc.assert(
      fc.asyncProperty(bounds, moves, async ({ slots, perKey }, all) => {
        const trial = new Trial({ slots, perKey });
        for (const move of all) {
          await trial.move(move);
          assert.ok(trial.atWork().length <= slots);
          for (const key of 'abcd') {
            const working = trial.atWork(key).length;
            assert.ok(working <= perKey);
            const served = trial.waiting(key).length === 0;
            assert.ok(served || working === perKey || trial.atWork().length === slots);
            const inOrder = trial.entries.filter((entry) => entry.key === key && entry.release);
            assert.deepEqual(
              trial.granted.filter((entry) => entry.key === key),
              inOrder,
            );
          }
        }
      }),
    );
  });

  test('gives no key two turns while another one waits that is below its bound', async () => {
    await fc.assert(
      fc.asyncProperty(bounds, moves, async ({ slots, perKey }, all) => {
        const trial = new Trial({ slots, perKey });
        // Of each key: whose turns there were since it waits, below its bound.
        const passed = new Map<string, string[]>();
        for (const move of all) {
          const before = trial.granted.length;
          await trial.move(move);
          const turns = trial.granted.slice(before).map(({ key }) => key);
          for (const key of 'abcd') {
            const waits = trial.waiting(key).length > 0 && trial.atWork(key).length < perKey;
            if (!waits || turns.includes(key)) passed.delete(key);
            if (!waits) continue;
            const others = [...(passed.get(key) ?? []), ...(turns.includes(key) ? [] : turns)];
            passed.set(key, others);
            assert.equal(new Set(others).size, others.length, `${others} while ${key} waits`);
          }
        }
      }),
    );
  });

  test('serves all in the end', async () => {
    await fc.assert(
      fc.asyncProperty(bounds, moves, async (options, all) => {
        const trial = new Trial(options);
        for (const move of all) await trial.move(move);
        while (trial.atWork().length > 0) await trial.move({ end: 0 });
        assert.equal(trial.granted.length, trial.entries.length);
      }),
    );
  });

  test('gives a key less while others ask, and no less than a turn', async (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const trial = new Trial({ slots: 6, perKey: 3, perKeyAmongOthers: 1 });
    const arrive = async (...keys: string[]) => {
      for (const key of keys) await trial.move({ arrive: key });
    };
    await arrive('a', 'a', 'a', 'a', 'a', 'a', 'b', 'b');
    assert.deepEqual([trial.atWork('a').length, trial.atWork('b').length], [3, 1]);
    await trial.move({ end: 0 });
    await trial.move({ end: 0 });
    assert.deepEqual([trial.atWork('a').length, trial.waiting('a').length], [1, 3]);
    await trial.move({ end: 0 });
    assert.deepEqual([trial.atWork('a').length, trial.waiting('a').length], [1, 2]);
    // The others have gone, except for the one at work.
    now = 2000;
    await arrive('a');
    assert.deepEqual([trial.atWork('a').length, trial.waiting('a').length], [3, 1]);
    assert.ok(trial.waiting('a').includes(trial.entries.at(-1)!));
  });

  test('gives a key more when the others have gone, though nothing comes or ends', async (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const trial = new Trial({ slots: 6, perKey: 3, perKeyAmongOthers: 1 });
    for (const key of ['b', 'a', 'a', 'a', 'a']) await trial.move({ arrive: key });
    assert.equal(trial.atWork('a').length, 1);
    now = 500;
    await trial.move({ arrive: 'b' });
    now = 1000;
    t.mock.timers.tick(1000);
    await settle();
    assert.equal(trial.atWork('a').length, 1);
    now = 2000;
    t.mock.timers.tick(1000);
    await settle();
    assert.deepEqual([trial.atWork('a').length, trial.waiting('a').length], [3, 1]);
  });

  test('serves all in the end, whoever comes and goes', async (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    await fc.assert(
      fc.asyncProperty(bounds, fc.integer({ min: 1, max: 5 }), moves, async (options, fewer, all) => {
        const perKeyAmongOthers = Math.min(fewer, options.perKey);
        const trial = new Trial({ ...options, perKeyAmongOthers });
        for (const move of all) {
          now += 400;
          await trial.move(move);
        }
        while (trial.atWork().length > 0) await trial.move({ end: 0 });
        assert.equal(trial.granted.length, trial.entries.length);
      }),
    );
  });

  test('refuses who finds too many of its key waiting, and nobody else', async () => {
    const queue = new FairQueue({ slots: 1, maxWaiting: 1 });
    const release = await queue.enter('a');
    const second = queue.enter('a');
    await assert.rejects(queue.enter('a'), (error) => error instanceof NoSlot && error.reason === 'full');
    const other = queue.enter('b');
    release();
    (await other)();
    (await second)();
  });

  test('refuses who has waited for too long, and goes on without it', async () => {
    const queue = new FairQueue({ slots: 1, patienceMs: 1 });
    const release = await queue.enter('a');
    const late = (error: unknown) => error instanceof NoSlot && error.reason === 'late';
    await assert.rejects(queue.enter('a'), late);
    await assert.rejects(queue.enter('b'), late);
    release();
    (await queue.enter('b'))();
  });

  test('frees the slot of work that fails', async () => {
    const queue = new FairQueue({ slots: 1 });
    await assert.rejects(
      queue.run('a', async () => {
        throw new Error('failed');
      }),
      /failed/,
    );
    assert.equal(await queue.run('a', async () => 'done'), 'done');
  });
});
