import { type Kysely, sql } from 'kysely';

/** What operators do without SQL: they find accounts and teams, disable accounts, and end operations. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- A deleted account keeps its row, and is never enabled again.
alter table users add column deleted_at timestamptz;
update users set deleted_at = disabled_at where email = 'deleted-' || id || '@deleted.invalid';

-- For the search for any part of an address or a name.
create index users_email_parts on users using gin (email_key gin_trgm_ops);
create index users_name_parts on users using gin (lower(name) gin_trgm_ops);
create index teams_name_parts on teams using gin (lower(name) gin_trgm_ops);

-- An operator wants it to fail; the worker that carries it out sees to that.
alter table operations add column end_requested_at timestamptz;
create index operations_end_requested on operations (id)
  where end_requested_at is not null and state in ('pending', 'running');
`;
