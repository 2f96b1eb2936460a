import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBundled, NEWEST_OF_BUNDLED } from './postgres-binaries.ts';
import { judgeVersions, newerPackage, type PostgresVersions } from './postgres-version.ts';

const CURRENT: PostgresVersions = {
  running: '15.20 (Debian 15.20-0+deb12u1)',
  installed: '15.20 (Debian 15.20-0+deb12u1)',
  from: 'host',
  available: null,
  debian: 15,
};
const BUNDLED = { from: 'bundled', running: '18.4', installed: '18.4' } as const;

const VERDICTS: [string, Partial<PostgresVersions>, RegExp][] = [
  ['the current one of Debian', {}, /^ok PostgreSQL 15\.20 .*, of the host$/],
  [
    'an older one than is installed',
    { running: '15.18 (Debian 15.18-0+deb12u1)' },
    /^warn PostgreSQL 15\.18 .* runs, and 15\.20 .*Restart/,
  ],
  [
    'an older one than the lists of packages have',
    { available: '15.21-0+deb12u1' },
    /^warn .*15\.21-0\+deb12u1 is available .*--only-upgrade postgresql-15/,
  ],
  ['one of an earlier Debian', { debian: 17 }, /^warn .* PostgreSQL 17 only .*upgrade-database/],
  ['one of a system other than Debian', { debian: null }, /^ok /],
  ['the bundled one, which is behind', BUNDLED, /^warn PostgreSQL 18\.4, bundled, without the fixes of/],
  [
    'the bundled one, which is not',
    { ...BUNDLED, running: NEWEST_OF_BUNDLED, installed: NEWEST_OF_BUNDLED },
    /^ok .*bundled$/,
  ],
  [
    'the bundled one after an upgrade of Danube',
    { ...BUNDLED, installed: '18.6' },
    /^warn .*18\.6 is installed/,
  ],
];

for (const [what, changes, expected] of VERDICTS) {
  test(`what doctor says of ${what}`, () => {
    const { state, message, remedy } = judgeVersions({ ...CURRENT, ...changes });
    assert.match([state, message, remedy].filter(Boolean).join(' '), expected);
  });
}

test('the upgrade that apt knows is read from its policy', () => {
  const policy = (installed: string, candidate: string): string =>
    `postgresql-15:\n  Installed: ${installed}\n  Candidate: ${candidate}\n  Version table:\n *** 1 500\n`;
  assert.equal(newerPackage(policy('15.18-0+deb12u1', '15.20-0+deb12u1')), '15.20-0+deb12u1');
  assert.equal(newerPackage(policy('15.20-0+deb12u1', '15.20-0+deb12u1')), null);
  assert.equal(newerPackage(policy('(none)', '15.20-0+deb12u1')), null);
  assert.equal(newerPackage(policy('15.18-0+deb12u1', '(none)')), null);
  assert.equal(newerPackage(''), null);
});

test('what is known of the bundled PostgreSQL is of the version that is bundled', () => {
  const bundled = findBundled();
  assert.ok(bundled);
  assert.match(bundled.version, /^\d+\.\d+$/);
  assert.equal(Number(NEWEST_OF_BUNDLED.split('.')[0]), bundled.major);
});
