import { type Kysely, sql } from 'kysely';

/** Snapshots of instances. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table snapshots (
  id bigint generated always as identity primary key,
  -- The data plane knows it as snapshot-UID, operations by this as resource_id.
  uid uuid not null unique,
  kind text not null,
  instance_id uuid not null references instances (id),
  team_id bigint not null references teams (id),
  -- Null: Danube took it by itself.
  user_id bigint references users (id),
  name text not null,
  description text,
  -- manual: asked for. automatic: the daily one. safety: the state before a restore.
  reason text not null check (reason in ('manual', 'automatic', 'safety')),
  status text not null check (status in ('creating', 'ready', 'restoring', 'restore_failed', 'failed', 'destroying')),
  error jsonb,
  -- The instance as it was then: a server's image; a service's engine, and its first database.
  image text,
  provider text,
  version text,
  database_name text,
  plan text not null,
  disk_gb integer not null,
  size_bytes bigint,
  -- The last restore drill. Its time is from the snapshot to an instance that answers.
  verified_at timestamptz,
  verified_ok boolean,
  verified_items bigint,
  verify_message text,
  restore_ms integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index snapshots_team on snapshots (team_id, kind, id desc);
create index snapshots_instance on snapshots (instance_id, id desc);
`;
