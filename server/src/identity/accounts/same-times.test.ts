/**
 * Whether the time until an answer tells that an account exists: the times for addresses that have one are compared with those
 * for addresses that have none, as an attacker would who asks often.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { median, rankSum, tellsApart, timesOf } from '../../../test/distributions.ts';
import { PASSWORD, startMailingApp } from '../../../test/people.ts';
import { randomFrom } from '../../../test/seed.ts';
import { hashPassword } from './passwords.ts';
import { insertAccount } from './store.ts';

/** Most requests for each of the two. Fewer where a password is hashed: what is missing then is more than a millisecond. */
const COUNT = 80;
const HASHED = 40;
const WARM_UP = 5;

describe('the time until an answer tells not whether an account exists', () => {
  let mailing: Awaited<ReturnType<typeof startMailingApp>>;
  before(async () => {
    mailing = await startMailingApp({ DANUBE_REGISTRATION: 'open', DANUBE_ROLE: 'api' });
    const passwordHash = await hashPassword(PASSWORD, 'test');
    for (let index = 0; index < COUNT; index++) {
      await mailing.test.database.transaction((tx) =>
        insertAccount(tx, { email: known(index), name: 'Ada', passwordHash, verified: true }),
      );
    }
  });
  after(() => mailing?.test.close());

  const known = (index: number): string => `person-${1001 + 2 * index}@example.org`;
  let strangers = 0;
  /** Looks like the others, and is a new one each time, since a registration makes an account of it. */
  const unknown = (): string => `person-${1000 + 2 * ++strangers}@example.org`;

  let addresses = 0;
  async function timeOf(path: string, body: object): Promise<number> {
    addresses += 1;
    const remoteAddress = `198.51.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`;
    const began = performance.now();
    const { statusCode } = await mailing.test.app.http.inject({
      ...{ method: 'POST', url: `/api/v1${path}`, payload: body, remoteAddress },
    });
    const time = performance.now() - began;
    assert.ok(statusCode === 200 || statusCode === 401, `${path}: ${statusCode}`);
    return time;
  }

  for (const [what, path, count, more] of [
    ['of a sign-in', '/auth/sign-in', HASHED, { password: 'wrong horse battery' }],
    ['of a registration', '/auth/register', HASHED, { password: PASSWORD, name: 'Ada' }],
    ['of a new password', '/auth/password-reset', COUNT, {}],
  ] as const) {
    it(what, async () => {
      const ask = async (isKnown: boolean, index: number) => {
        // What is counted against guessing is not what is looked at here.
        await mailing.test.database.db.deleteFrom('attempts').execute();
        return timeOf(path, { email: isKnown ? known(index) : unknown(), ...more });
      };
      const measure = async () => {
        for (let index = 0; index < WARM_UP; index++) await ask(index % 2 === 0, index);
        return timesOf(count, ask);
      };
      const first = await measure();
      if (!tellsApart(first.one, first.other)) return;
      const { one, other } = await measure();
      assert.ok(
        !tellsApart(one, other),
        `${median(one)} ms with an account, ${median(other)} ms without, ${rankSum(one, other)} deviations`,
      );
    });
  }
});

describe('times that are compared', () => {
  const random = randomFrom(1);
  /** About a bell curve, with one time in twenty that is far too long. */
  const times = (mean: number, spread: number): number[] =>
    Array.from({ length: COUNT }, () => {
      const bell = Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
      return mean + bell * spread + (random() < 0.05 ? 100 * random() : 0);
    });

  it('are told apart by a millisecond of a few, or a hash that is missing, and not by chance', () => {
    for (let round = 0; round < 50; round++) {
      assert.ok(tellsApart(times(6, 0.7), times(5, 0.7)));
      assert.ok(tellsApart(times(10, 8), times(40, 8)));
      assert.ok(!tellsApart(times(40, 20), times(40, 20)));
      assert.ok(!tellsApart(times(5, 0.01), times(5.1, 0.01)));
    }
  });
});
