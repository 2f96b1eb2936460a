import { type Kysely, sql } from 'kysely';

/** Accounts, tokens, quotas, idempotency keys, the price list, SSH keys, and data that an install's servers share. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table users (
  id bigint generated always as identity primary key,
  email text not null unique,
  name text not null,
  -- Rate-limit tier, see http/rate-limits.ts.
  tier text not null default 'free' check (tier in ('free', 'starter', 'pro', 'enterprise')),
  -- Requests per minute, hour and day of an enterprise account; null is the tier's default.
  rate_limits integer[] check (cardinality(rate_limits) = 3),
  created_at timestamptz not null default now()
);

create table teams (
  id bigint generated always as identity primary key,
  name text not null,
  personal boolean not null default false,
  owner_id bigint not null references users (id),
  -- Quotas that differ from the default, for example {"vps": 50}; see identity/teams/quotas.ts.
  quotas jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create table team_members (
  team_id bigint not null references teams (id) on delete cascade,
  user_id bigint not null references users (id) on delete cascade,
  primary key (team_id, user_id)
);

create table tokens (
  id bigint generated always as identity primary key,
  name text not null,
  secret_hash bytea not null,
  user_id bigint not null references users (id) on delete cascade,
  team_id bigint not null references teams (id) on delete cascade,
  scopes text[] not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  last_used_ip inet,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);

-- How many of each kind a team has. The row is what makes a quota exact under concurrency, and a list's total cheap.
create table team_usage (
  team_id bigint not null references teams (id) on delete cascade,
  kind text not null,
  used integer not null default 0 check (used >= 0),
  primary key (team_id, kind)
);

-- Answers kept for requests that are sent again. Each account has keys of its own in each team, and outside of any
-- (team_id is null). The order of the columns lets a look-up use the index whether there is a team or not.
create table idempotency_keys (
  user_id bigint not null references users (id) on delete cascade,
  key text not null,
  team_id bigint references teams (id) on delete cascade,
  request_hash bytea not null,
  body jsonb,
  created_at timestamptz not null default now(),
  unique nulls not distinct (user_id, key, team_id)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);

create table plans (
  kind text not null,
  name text not null,
  vcpu integer not null,
  memory_mb integer not null,
  disk_gb integer not null,
  price_cents integer not null,
  cpu_allocation_type text not null check (cpu_allocation_type in ('shared', 'dedicated')),
  position integer not null,
  enabled boolean not null default true,
  primary key (kind, name)
);

create table datacenters (
  name text primary key,
  label text not null,
  enabled boolean not null default true
);

create table ssh_keys (
  id bigint generated always as identity primary key,
  team_id bigint not null references teams (id) on delete cascade,
  user_id bigint not null references users (id),
  name text not null,
  public_key text not null,
  fingerprint text not null,
  is_default boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (team_id, fingerprint)
);

-- Server processes that take work; a dead one's workflows are taken over.
create table workers (
  id text primary key,
  heartbeat_at timestamptz not null default now()
);

-- When each reconciler last finished a pass; status_details.observed_at comes from it.
create table reconcilers (
  name text primary key,
  finished_at timestamptz not null default now()
);

insert into datacenters (name, label) values ('fsn1', 'This install');
`;
