import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatorError } from '../operator-error.ts';
import { choosePostgres, type PostgresOffer, postgresPackages } from './postgres-choice.ts';

const DEBIAN_12: PostgresOffer = { data: null, debian: 15, installed: [15], bundled: 18 };

const CHOICES: [string, Partial<PostgresOffer>, string][] = [
  ['Debian’s own serves new data', {}, 'host 15'],
  ['also where a newer one is installed', { installed: [17, 15] }, 'host 15'],
  ['without Debian’s, the newest of the host does', { installed: [16, 17] }, 'host 17'],
  ['on another system as well', { debian: null, installed: [15, 16] }, 'host 16'],
  ['one that is too old does not', { installed: [13, 14] }, 'bundled 18'],
  ['nor does one that no test has seen', { debian: null, installed: [19, 9] }, 'bundled 18'],
  ['without any, the bundled one serves', { installed: [] }, 'bundled 18'],
  ['data stays with the version that made it', { data: 17, installed: [15, 17] }, 'host 17'],
  ['data of the bundled one as well', { data: 18 }, 'bundled 18'],
  ['with fixes of the host where it has that version too', { data: 18, installed: [15, 18] }, 'host 18'],
  [
    'data of an earlier Debian is served as long as its programs are there',
    { data: 15, debian: 17 },
    'host 15',
  ],
];

for (const [what, changes, expected] of CHOICES) {
  test(`the choice of a PostgreSQL: ${what}`, () => {
    const { from, major } = choosePostgres({ ...DEBIAN_12, ...changes });
    assert.equal(`${from} ${major}`, expected);
  });
}

test('without a PostgreSQL that fits, the operator is told what to do', () => {
  const refusal = (changes: Partial<PostgresOffer>): string => {
    try {
      choosePostgres({ ...DEBIAN_12, ...changes });
    } catch (error) {
      assert.ok(error instanceof OperatorError);
      return `${error.message} ${error.remedy}`;
    }
    return assert.fail('Something was chosen.');
  };
  assert.match(refusal({ data: 16 }), /PostgreSQL 16.*Install postgresql-16.*operations\.md/);
  assert.match(refusal({ data: 15, debian: 17, installed: [17] }), /PostgreSQL 15.*no such version/);
  assert.match(refusal({ installed: [], bundled: null }), /npm ci.*DATABASE_URL/);
});

test('the package of this Debian is installed, unless the data is of another version', () => {
  const names = (data: number | null, debian: number | null): string[] =>
    postgresPackages({ data, debian }).map(({ name }) => name);
  assert.deepEqual(names(null, 15), ['postgresql-15']);
  assert.deepEqual(names(17, 17), ['postgresql-17']);
  assert.deepEqual(names(15, 17), []);
  assert.deepEqual(names(18, 15), []);
  assert.deepEqual(names(null, null), []);
});
