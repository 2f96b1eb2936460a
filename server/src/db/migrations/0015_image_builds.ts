import { type Kysely, sql } from 'kysely';

/** Images that are still to be built ahead of need, and how far that is. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table image_builds (
  name text primary key,
  -- Of the build that runs: what it does, percent, and when it last said so.
  message text,
  percent integer,
  reported_at timestamptz,
  -- How often it has failed, why the last time, and when it is tried again.
  failures integer not null default 0,
  error text,
  next_at timestamptz not null default now()
);
`;
