import { type Kysely, sql } from 'kysely';

/** Buckets of object storage, and the keys that S3 clients use. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table buckets (
  id uuid primary key,
  team_id bigint not null references teams (id),
  user_id bigint references users (id) on delete set null,
  name text not null,
  -- What S3 calls it: the team's prefix and the name.
  s3_name text not null unique,
  display_name text,
  region text not null,
  status text not null check (status in ('pending', 'creating', 'active', 'updating', 'error', 'destroying')),
  -- The last failure, as in operations.
  error jsonb,
  object_lock boolean not null,
  -- These follow the store, because customers change them by S3 as well.
  versioning text not null check (versioning in ('off', 'enabled', 'suspended')),
  encryption_type text not null check (encryption_type in ('none', 'sse-s3', 'sse-kms')),
  encryption_kms_key_id text,
  retention_mode text check (retention_mode in ('GOVERNANCE', 'COMPLIANCE')),
  retention_unit text check (retention_unit in ('days', 'years')),
  retention_period integer,
  cors jsonb not null default '[]',
  lifecycle jsonb not null default '[]',
  tags jsonb not null default '{}',
  -- The customer's own statements of the bucket's policy.
  custom_statements jsonb not null default '[]',
  -- These the store follows.
  public_access boolean not null,
  size_limit_bytes bigint,
  -- What it held when it was last measured.
  size_bytes bigint not null default 0,
  object_count bigint not null default 0,
  measured_at timestamptz,
  -- Incomplete multipart uploads; null: not known.
  upload_count integer,
  upload_bytes bigint,
  -- What the last look at it found.
  health_status text check (health_status in ('ok', 'skipped', 'error')),
  health_checked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (team_id, name),
  check ((retention_mode is null) = (retention_period is null) and (retention_unit is null) = (retention_period is null))
);
create index buckets_team on buckets (team_id, created_at, id);
create index buckets_health on buckets (health_checked_at nulls first) where status = 'active';

create table access_keys (
  id uuid primary key,
  team_id bigint not null references teams (id),
  user_id bigint references users (id) on delete set null,
  name text not null,
  access_key_id text not null unique,
  -- Null once it is revoked.
  secret_sealed bytea,
  scope text not null check (scope in ('team', 'buckets')),
  status text not null check (status in ('creating', 'active', 'revoking', 'revoked', 'error')),
  error jsonb,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((status = 'revoked') = (revoked_at is not null))
);
create index access_keys_team on access_keys (team_id, created_at, id);
create index access_keys_ends on access_keys (expires_at) where status = 'active' and expires_at is not null;

-- What a key with the scope buckets may do.
create table access_key_grants (
  access_key_id uuid not null references access_keys (id) on delete cascade,
  bucket_id uuid not null references buckets (id) on delete cascade,
  level text not null check (level in ('read', 'readwrite', 'full')),
  prefix text,
  position integer not null,
  primary key (access_key_id, bucket_id)
);
create index access_key_grants_bucket on access_key_grants (bucket_id);
`;
