import { type Kysely, sql } from 'kysely';

/** What operators announce, how full the install was, and images that they have built anew. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table announcements (
  id bigint generated always as identity primary key,
  severity text not null check (severity in ('info', 'warning')),
  text text not null,
  starts_at timestamptz not null,
  -- Null: until it is deleted.
  ends_at timestamptz,
  created_at timestamptz not null default now(),
  check (ends_at > starts_at)
);

-- How full the install was: one row an hour.
create table capacity_samples (
  at timestamptz primary key,
  memory_promised_mb bigint not null,
  disk_promised_gb bigint not null,
  pool_used_mb bigint not null
);

-- An operator wants it built, whether it is there or not.
alter table image_builds add column rebuild boolean not null default false;
`;
