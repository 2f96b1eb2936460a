import { type Kysely, sql } from 'kysely';

/** Sessions of signed-in people. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table sessions (
  id uuid primary key,
  -- Of the cookie's value, which is stored nowhere.
  secret_hash bytea not null unique,
  user_id bigint not null references users (id) on delete cascade,
  -- The team that requests act on unless they name another.
  team_id bigint references teams (id) on delete set null,
  method text not null check (method in ('password', 'passkey', 'provider')),
  -- When the account holder last gave a password or passkey.
  proved_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz not null default now(),
  last_used_ip inet,
  user_agent text
);
create index sessions_user on sessions (user_id, created_at);
`;
