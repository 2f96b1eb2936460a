import assert from 'node:assert/strict';
import type { EngineVerification } from '../../src/services/provider.ts';
import type { MysqlSubject } from './mysql-subject.ts';

/** Table names that confuse a program which parses a client's output line by line. */
const NAMES = [
  ...['a b', 'new\nline', 'tab\tx', "doesn't support check", 'quo"te``', 'back\\slash', '\\! id', "'; --"],
  ...['error : Corrupt', 'x\nnumbers.t\nerror    : Corrupt', '#sql-x', 'é中'],
];

/** A database whose tables are all intact, but of kinds that a check may stumble over. */
const ODD = [
  'CREATE DATABASE `odd\n``name`',
  'USE `odd\n``name`',
  ...NAMES.flatMap((name) => [`CREATE TABLE \`${name}\` (a INT)`, `INSERT INTO \`${name}\` VALUES (1)`]),
  'CREATE TABLE memory_only (a INT) ENGINE = MEMORY',
  'CREATE TABLE rows_of_csv (a INT NOT NULL) ENGINE = CSV',
  'CREATE TABLE merged (a INT) ENGINE = MERGE UNION = (nowhere)',
  'CREATE TABLE parts (a INT) PARTITION BY HASH (a) PARTITIONS 3',
  'CREATE TABLE discarded (a INT)',
  'ALTER TABLE discarded DISCARD TABLESPACE',
  'CREATE TABLE `ERROR 2013 (HY000)\nERROR 2013 (HY000)` (a INT)',
  'ALTER TABLE `ERROR 2013 (HY000)\nERROR 2013 (HY000)` DISCARD TABLESPACE',
  'CREATE TABLE gone (a INT)',
  'CREATE VIEW broken AS SELECT * FROM gone',
  'DROP TABLE gone',
];

/** Asserts that the platform's own check of the data reports no false errors and counts tables correctly. */
export async function assertTrustedChecks({ ask, service }: MysqlSubject): Promise<void> {
  const verify = async () =>
    JSON.parse(await service.plane.control(service.spec.ref, 'verify')) as EngineVerification;
  const before = await verify();
  assert.ok(before.ok, JSON.stringify(before));
  await ask(ODD.join(';\n'));
  const { ok, items, checks } = await verify();
  assert.ok(ok, JSON.stringify(checks));
  assert.equal(items, before.items + NAMES.length);
  await ask('DROP DATABASE `odd\n``name`');
}
