import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Expression, MetricsStore, Sample } from '../../src/metrics/contract.ts';
import { waitFor } from '../harness.ts';

/** Milliseconds since 1970, a quarter of an hour ago: what is pushed is in the past, and not long ago. */
const START = Math.floor(Date.now() / 60_000) * 60_000 - 900_000;
const SECOND = 1000;

const last = (series: string): Expression => ({ kind: 'last', series, windowSeconds: 60 });
const rate = (series: string): Expression => ({ kind: 'rate', series, windowSeconds: 60 });

/** Samples of a resource every 15 seconds. */
const samples = (teamId: number, resource: string, series: string, values: readonly number[]): Sample[] =>
  values.map((value, index) => ({ teamId, resource, series, value, at: START + index * 15 * SECOND }));

const near = (actual: number | null | undefined, expected: number, what = 'value'): void =>
  assert.ok(
    actual != null && Math.abs(actual - expected) <= Math.abs(expected) * 0.02,
    `${what} is ${actual}, and should be about ${expected}`,
  );

/** The contract of every store of metrics. */
export function metricsStoreContract(name: string, open: () => Promise<MetricsStore>): void {
  describe(`store of metrics ${name}`, () => {
    const world = {} as { store: MetricsStore };
    before(async () => {
      world.store = await open();
      await fill(world.store);
    });
    after(() => world.store?.close());

    testMoments(world);
    testExpressions(world);
    testRanges(world);
    testBounds(world);
    testDeletion(world);
  });
}

/** Nine samples over two minutes each, and waits until all of them can be read. */
async function fill(store: MetricsStore): Promise<void> {
  await store.push([
    ...samples(7, 'one', 'level', [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ...samples(7, 'one', 'limit', [10, 10, 10, 10, 10, 10, 10, 10, 0]),
    ...samples(7, 'one', 'sent_total', [0, 150, 300, 450, 600, 750, 900, 1050, 1200]),
    // Began again at 0 after 300.
    ...samples(7, 'two', 'sent_total', [0, 150, 300, 150, 300, 450, 600, 750, 900]),
    ...samples(7, 'two', 'level', [20, 20]),
    ...samples(8, 'three', 'level', [30, 30, 30, 30, 30, 30, 30, 30, 30]),
    { ...samples(9, 'last', 'level', [1])[0]!, at: START + 120 * SECOND },
  ]);
  await waitFor('the samples', async () => {
    const found = await store.query({
      expression: last('level'),
      teamId: 9,
      resources: 'all',
      at: START + 120 * SECOND,
    });
    return found.size === 1;
  });
}

function testMoments(world: { store: MetricsStore }): void {
  const level = (seconds: number, resources: readonly string[] | 'all' = ['one', 'two']) =>
    world.store.query({ expression: last('level'), teamId: 7, resources, at: START + seconds * SECOND });

  it('answers for many resources at once, with the newest value at the moment', async () => {
    assert.ok(await world.store.isReady());
    assert.deepEqual([...(await level(20))].toSorted(), [
      ['one', 2],
      ['two', 20],
    ]);
  });

  it('has no value where nothing was measured for longer than the window, and does not say 0', async () => {
    assert.deepEqual([...(await level(110))], [['one', 8]]);
    assert.deepEqual([...(await level(-10))], []);
    assert.deepEqual([...(await level(600))], []);
  });

  it('answers for more resources than a request can name', async () => {
    const many = Array.from({ length: 2500 }, (_, index) => `none-${index}`);
    assert.deepEqual([...(await level(110, [...many, 'one']))], [['one', 8]]);
    assert.deepEqual([...(await level(110, [...many.slice(0, 250), 'one']))], [['one', 8]]);
    assert.deepEqual([...(await level(110, []))], []);
  });

  it('keeps to the last value where a sample is stored twice', async () => {
    const [again] = samples(7, 'one', 'level', [1]);
    await world.store.push([again!]);
    assert.equal((await level(0)).get('one'), 1);
  });
}

function testExpressions(world: { store: MetricsStore }): void {
  const at = (expression: Expression, seconds: number) =>
    world.store.query({ expression, teamId: 7, resources: 'all', at: START + seconds * SECOND });

  it('says how fast a counter grows, also one that began again', async () => {
    const found = await at(rate('sent_total'), 120);
    near(found.get('one'), 10);
    near(found.get('two'), 10);
    near((await at(rate('sent_total'), 60)).get('two'), 10);
  });

  it('has no rate of a single sample', async () => {
    assert.deepEqual([...(await at(rate('sent_total'), 5))], []);
    assert.deepEqual([...(await at(rate('sent_total'), 175))], []);
  });

  it('calculates with series, and has no value where one is missing or the divisor is 0', async () => {
    const share: Expression = {
      kind: 'times',
      of: { kind: 'ratio', of: last('level'), to: last('limit') },
      factor: 100,
    };
    near((await at(share, 60)).get('one'), 50);
    assert.deepEqual([...(await at(share, 120))], []);
    const sum: Expression = { kind: 'sum', of: [last('level'), last('limit'), last('level')] };
    assert.deepEqual([...(await at(sum, 60))], [['one', 20]]);
  });
}

function testRanges(world: { store: MetricsStore }): void {
  it('answers with a value for each step, null where there is none', async () => {
    const query = { teamId: 7, resources: ['two'], from: START, to: START + 150 * SECOND, stepSeconds: 30 };
    const found = await world.store.queryRange({ ...query, expression: last('level') });
    assert.deepEqual([...found], [['two', [20, 20, 20, null, null, null]]]);
  });

  it('averages over steps that are longer than the window', async () => {
    const query = { teamId: 7, from: START, to: START + 120 * SECOND, stepSeconds: 120 };
    const found = await world.store.queryRange({ ...query, resources: ['one'], expression: last('level') });
    // The samples from 15 to 120 seconds.
    assert.deepEqual([...found], [['one', [1, 5.5]]]);
    const sent = await world.store.queryRange({
      ...query,
      resources: ['one'],
      expression: rate('sent_total'),
    });
    assert.equal(sent.get('one')![0], null);
    near(sent.get('one')![1], 10);
  });
}

function testBounds(world: { store: MetricsStore }): void {
  it('reads only what the team has, whatever else is asked for', async () => {
    const query = { expression: last('level'), at: START + 20 * SECOND };
    const others = await world.store.query({ ...query, teamId: 7, resources: ['three'] });
    assert.deepEqual([...others], []);
    const pattern = await world.store.query({
      ...query,
      teamId: 7,
      resources: ['.*', 'x"} or level{team="8'],
    });
    assert.deepEqual([...pattern], []);
    const all = await world.store.query({ ...query, teamId: 7, resources: 'all' });
    assert.deepEqual([...all.keys()].toSorted(), ['one', 'two']);
  });

  it('reads all teams for Danube itself', async () => {
    const found = await world.store.query({
      expression: last('level'),
      at: START + 20 * SECOND,
      teamId: null,
      resources: ['one', 'three'],
    });
    assert.deepEqual([...found].toSorted(), [
      ['one', 2],
      ['three', 30],
    ]);
  });
}

function testDeletion(world: { store: MetricsStore }): void {
  it('lists who has a series, and deletes all of one, which may be done again', async () => {
    const mine = async () =>
      (await world.store.listResources('level'))
        .map(({ teamId, resource }) => `${teamId} ${resource}`)
        .toSorted();
    assert.deepEqual(await mine(), ['7 one', '7 two', '8 three', '9 last']);
    const one = { teamId: 7, resource: 'one' };
    await world.store.deleteResource(one);
    await world.store.deleteResource(one);
    assert.deepEqual(await mine(), ['7 two', '8 three', '9 last']);
    const left = await world.store.query({
      expression: rate('sent_total'),
      teamId: 7,
      resources: 'all',
      at: START + 120 * SECOND,
    });
    assert.deepEqual([...left.keys()], ['two']);
  });
}
