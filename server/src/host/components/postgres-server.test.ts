import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../../db/database.ts';
import { migrate } from '../../db/migrate.ts';
import { identify, linkOf, signal, waitForExit } from '../../lib/processes.ts';
import { migrateWorkflows } from '../../operations/runtime.ts';
import { findBundled } from './postgres-binaries.ts';
import { readOffer } from './postgres-choice.ts';
import { findPostgres, type RunningPostgres, startPostgres, stopPostgres } from './postgres-server.ts';
import { upgradePostgres } from './postgres-upgrade.ts';

let folder = '';
let other = '';
/** What pg_upgrade(1) needs is in the packages of the host. */
const { installed } = readOffer('/nowhere', null);
const OPTIONS = { user: 'nobody', log: () => undefined, durable: false };
const start = (): Promise<RunningPostgres> => startPostgres({ folder, ...OPTIONS });

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

before(async () => {
  folder = await mkdtemp('/tmp/danube-test-pg-');
  other = await mkdtemp('/tmp/danube-test-pg-');
  for (const each of [folder, other]) await chmod(each, 0o711);
});

after(async () => {
  for (const each of [folder, other]) {
    await stopPostgres(each);
    await rm(each, { recursive: true, force: true });
  }
});

test('a cluster is created, listens on its socket only, and accepts both sets of migrations', async () => {
  const server = await start();
  assert.deepEqual(await query(server.url, "select current_setting('listen_addresses') as listen"), [
    { listen: '' },
  ]);
  const database = openDatabase(server.url);
  try {
    await migrate(database.db);
    await migrateWorkflows(server.url);
  } finally {
    await database.close();
  }
  const schemas = await query(server.url, "select 1 from pg_namespace where nspname = 'dbos'");
  assert.equal(schemas.length, 1);
});

test('a second start takes over the running server', async () => {
  const first = await start();
  const second = await start();
  assert.equal(second.process.pid, first.process.pid);
});

test('a server that was killed comes back with its data', async () => {
  const server = await start();
  await query(server.url, 'create table kept (n int)');
  await query(server.url, 'insert into kept values (7)');
  const identity = identify(server.process.pid);
  assert.ok(identity);
  signal(server.process.pid, 'SIGKILL');
  assert.ok(await waitForExit(identity, 120));
  const next = await start();
  assert.notEqual(next.process.pid, server.process.pid);
  assert.deepEqual(await query(next.url, 'select n from kept'), [{ n: 7 }]);
});

test('a wrong password is refused', async () => {
  const server = await start();
  const url = new URL(server.url);
  url.password = 'wrong';
  await assert.rejects(query(url.toString(), 'select 1'), { code: '28P01' });
});

// To the version that it has already, since a host seldom has two. PostgreSQL's own tests of pg_upgrade do so, too.
test('data moves to another version, and is kept as it was', { skip: installed.length === 0 }, async () => {
  const before = await start();
  const [row] = (await query(before.url, 'show server_version_num')) as { server_version_num: string }[];
  const major = Math.floor(Number(row?.server_version_num) / 10_000);
  const kept = await upgradePostgres({ folder, ...OPTIONS }, major);
  assert.equal(kept, path.join(folder, `data.${major}`));
  assert.equal(findPostgres(folder), null);
  const after = await start();
  assert.deepEqual(await query(after.url, 'select n from kept'), [{ n: 7 }]);
  await assert.rejects(upgradePostgres({ folder, ...OPTIONS }, major), /earlier upgrade/);
});

test('stop ends the process', async () => {
  const server = await start();
  await server.stop();
  assert.equal(findPostgres(folder), null);
  assert.ok(path.isAbsolute(folder));
});

test('data of the bundled PostgreSQL stays with it, and programs that were replaced are used', async () => {
  const copy = path.join(other, findBundled()?.name ?? '');
  const first = await startPostgres({ folder: other, ...OPTIONS, bundled: true });
  assert.equal(linkOf(first.process.pid, 'exe'), path.join(copy, 'bin', 'postgres'));
  await query(first.url, 'create table kept as select 7 as n');
  const taken = await startPostgres({ folder: other, ...OPTIONS });
  assert.equal(taken.process.pid, first.process.pid);

  await rm(copy, { recursive: true });
  const second = await startPostgres({ folder: other, ...OPTIONS });
  assert.notEqual(second.process.pid, first.process.pid);
  assert.equal(linkOf(second.process.pid, 'exe'), path.join(copy, 'bin', 'postgres'));
  assert.deepEqual(await query(second.url, 'select n from kept'), [{ n: 7 }]);
});

test('data that no PostgreSQL here fits is refused, and left as it is', async () => {
  const old = path.join(other, 'old');
  await mkdir(path.join(old, 'data'), { recursive: true });
  await writeFile(path.join(old, 'data', 'PG_VERSION'), '9\n');
  await assert.rejects(startPostgres({ folder: old, ...OPTIONS }), /The data is of PostgreSQL 9/);
});
