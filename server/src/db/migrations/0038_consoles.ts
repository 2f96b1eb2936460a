import { type Kysely, sql } from 'kysely';

/** Shells in servers that somebody has open by the API. A row ends with its shell, and the audit log tells of it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table consoles (
  id uuid primary key,
  team_id bigint not null references teams (id) on delete cascade,
  -- A server; its deletion ends the shell, and that ends the row.
  instance_id uuid not null,
  -- Who opened it, and may connect to it: this account, by this credential.
  user_id bigint not null references users (id) on delete cascade,
  credential text not null check (credential in ('token', 'session')),
  credential_id text not null,
  address text,
  -- The server process that holds the shell; null: there is none yet.
  process uuid,
  opened_at timestamptz not null default now(),
  -- When that process last said that it has the shell.
  seen_at timestamptz not null default now()
);
create index consoles_team on consoles (team_id, instance_id);
create index consoles_seen on consoles (seen_at);
`;
