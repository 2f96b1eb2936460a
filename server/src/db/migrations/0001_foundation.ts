import { type Kysely, sql } from 'kysely';

/** Accounts, tokens, quotas, networks, operations, events, SSH keys and VPS. */
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
  -- Quotas that differ from the default, for example {"vps": 50}; see resources/teams/quotas.ts.
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

-- A team's network, allotted with its first instance. Subnets are stored, so that a changed pool moves nobody.
create table networks (
  team_id bigint primary key references teams (id) on delete cascade,
  ordinal integer not null unique,
  ipv4_subnet cidr not null unique,
  ipv6_subnet cidr not null unique,
  next_host integer not null default 10
);

-- One row per address pair in use. host is the offset in both subnets of the team.
create table addresses (
  team_id bigint not null references networks (team_id) on delete cascade,
  host integer not null,
  resource_id uuid not null unique,
  primary key (team_id, host)
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

create table vps (
  id uuid primary key,
  team_id bigint not null references teams (id),
  user_id bigint not null references users (id),
  name text not null,
  status text not null check (status in ('pending', 'provisioning', 'starting', 'running', 'stopping', 'stopped',
    'rebooting', 'restoring', 'reinstalling', 'error', 'destroying', 'recreating')),
  -- Where the instance is headed once every accepted operation is done.
  desired text not null check (desired in ('running', 'stopped', 'deleted')),
  error jsonb,
  plan text not null,
  cpu_allocation_type text not null,
  vcpu integer not null,
  memory_mb integer not null,
  disk_gb integer not null,
  price_cents integer not null,
  image text not null,
  datacenter text not null references datacenters (name),
  auth_method text not null check (auth_method in ('ssh_key', 'password')),
  ssh_key_id bigint references ssh_keys (id) on delete set null,
  -- The key as it was when chosen: deleting an SSH key does not lock a later reinstall out.
  authorized_key text,
  password_sealed bytea not null,
  network_stack text not null check (network_stack in ('ipv4_only', 'ipv6_only', 'dual_stack')),
  ipv4 inet unique,
  ipv6 inet unique,
  -- Customers put secrets into it.
  custom_cloud_init_sealed bytea,
  auto_start boolean not null default true,
  backup_enabled boolean not null default false,
  monitoring_enabled boolean not null default true,
  automated_snapshots_enabled boolean not null default false,
  generation integer not null default 1,
  observed_at timestamptz,
  deployed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index vps_team on vps (team_id, created_at desc, id desc);

create table operations (
  id uuid primary key,
  seq bigint generated always as identity unique,
  team_id bigint not null references teams (id),
  user_id bigint references users (id),
  resource_type text not null,
  resource_id uuid not null,
  kind text not null,
  -- queued: waits behind another operation of the resource. pending: its workflow is enqueued.
  state text not null check (state in ('queued', 'pending', 'running', 'succeeded', 'failed')),
  args jsonb not null default '{}',
  step text,
  percent integer not null default 0,
  error jsonb,
  request_id text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
-- At most one operation of a resource is at work: the rest wait in order.
create unique index operations_current on operations (resource_id) where state in ('pending', 'running');
create index operations_queued on operations (resource_id, seq) where state = 'queued';
create index operations_resource on operations (resource_id, seq desc);

create table events (
  id bigint generated always as identity primary key,
  team_id bigint not null references teams (id),
  resource_type text not null,
  resource_id uuid not null,
  operation_id uuid,
  type text not null,
  reason text not null,
  message text not null,
  created_at timestamptz not null default now()
);
create index events_resource on events (resource_id, id desc);

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

-- Seeds of the price list (contract notes, "Plans"); the operator may edit them.
insert into plans (kind, name, vcpu, memory_mb, disk_gb, price_cents, cpu_allocation_type, position) values
  ('vps', 'pico_shared',    1,  1024,  20,   299, 'shared',     1),
  ('vps', 'nano_shared',    2,  2048,  40,   449, 'shared',     2),
  ('vps', 'micro_shared',   3,  4096,  60,   749, 'shared',     3),
  ('vps', 'small_shared',   4,  8192, 160,  1249, 'shared',     4),
  ('vps', 'medium_shared',  8, 16384, 320,  2499, 'shared',     5),
  ('vps', 'large_shared',  16, 32768, 640,  4999, 'shared',     6),
  ('vps', 'nano',           1,  2048,  40,   899, 'dedicated',  7),
  ('vps', 'micro',          2,  4096,  80,  1499, 'dedicated',  8),
  ('vps', 'small',          2,  8192, 160,  2499, 'dedicated',  9),
  ('vps', 'medium',         4, 16384, 320,  4999, 'dedicated', 10),
  ('vps', 'large',          8, 32768, 640,  9999, 'dedicated', 11),
  ('vps', 'xlarge',        16, 65536, 960, 19999, 'dedicated', 12);
`;
