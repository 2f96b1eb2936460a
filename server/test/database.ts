import pg from 'pg';
import { type Database, openDatabase } from '../src/db/database.ts';
import { migrate } from '../src/db/migrate.ts';
import { migrateWorkflows } from '../src/operations/runtime.ts';

/** A PostgreSQL server that tests may create databases on; `npm test` starts one and sets this. */
const serverUrl = (): string => process.env.DANUBE_TEST_POSTGRES ?? '';

const TEMPLATE = 'danube_template';

function urlOf(name: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return url.toString();
}

async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  if (!serverUrl()) throw new Error('DANUBE_TEST_POSTGRES is not set: run the tests with `npm test`.');
  const client = new pg.Client({ connectionString: urlOf('postgres') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** URL of the template, for tools that read its schema. */
export const templateUrl = (): string => urlOf(TEMPLATE);

/** Creates the migrated template that every test database is a copy of. Called once, before the tests. */
export async function createTemplate(): Promise<void> {
  await asAdmin(async (client) => {
    await client.query(`drop database if exists ${TEMPLATE} with (force)`);
    await client.query(`create database ${TEMPLATE}`);
  });
  const template = openDatabase(urlOf(TEMPLATE));
  await migrate(template.db);
  await template.close();
  await migrateWorkflows(urlOf(TEMPLATE));
}

let counter = 0;

export interface TestDatabase extends Database {
  url: string;
  /** Closes the pool and drops the database. */
  drop(): Promise<void>;
}

/** A database for one test file: migrated, with plans, and otherwise empty. */
export async function createTestDatabase(): Promise<TestDatabase> {
  counter += 1;
  const name = `danube_test_${process.pid}_${counter}`;
  await asAdmin(async (client) => {
    await client.query(`drop database if exists ${name} with (force)`);
    await client.query(`create database ${name} template ${TEMPLATE}`);
  });
  const database = openDatabase(urlOf(name));
  return {
    ...database,
    url: urlOf(name),
    async drop() {
      await database.close();
      await asAdmin((client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}
