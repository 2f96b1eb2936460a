import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../../db/database.ts';
import { migrate } from '../../db/migrate.ts';
import { identify, signal, waitForExit } from '../../lib/processes.ts';
import { migrateWorkflows } from '../../operations/runtime.ts';
import { findPostgres, type RunningPostgres, startPostgres, stopPostgres } from './postgres-server.ts';

let folder = '';
const start = (): Promise<RunningPostgres> =>
  startPostgres({ folder, user: 'nobody', log: () => undefined, durable: false });

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
  await chmod(folder, 0o711);
});

after(async () => {
  await stopPostgres(folder);
  await rm(folder, { recursive: true, force: true });
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

test('stop ends the process', async () => {
  const server = await start();
  await server.stop();
  assert.equal(findPostgres(folder), null);
  assert.ok(path.isAbsolute(folder));
});
