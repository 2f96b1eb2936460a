import { type Kysely, sql } from 'kysely';

/** Passwords, second factors, passkeys, sign-in by a provider, and the links that accounts are opened with. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
alter table users
  -- Addresses are compared in this form.
  add column email_key text not null generated always as (lower(email)) stored,
  -- As argon2 writes it, with its parameters; null: the account has no password.
  add column password_hash text,
  -- Null: nobody has shown yet that they read what is sent to the address, and nobody can sign in.
  add column email_verified_at timestamptz,
  -- The operator has disabled the account: no sign-in, no session, no token.
  add column disabled_at timestamptz,
  -- The key of the authenticator app, since when codes of it are asked for, and the time step of the last one.
  add column totp_sealed bytea,
  add column totp_enabled_at timestamptz,
  add column totp_last_step bigint;
alter table users drop constraint users_email_key;
create unique index users_email_key on users (email_key);
-- Accounts that were made by the operator before there was a sign-in.
update users set email_verified_at = created_at;

-- Codes that have not been used yet.
create table recovery_codes (
  user_id bigint not null references users (id) on delete cascade,
  code_hash bytea not null,
  primary key (user_id, code_hash)
);

-- Links that are mailed, or shown to the operator. A used one is deleted.
create table account_links (
  secret_hash bytea primary key,
  user_id bigint not null references users (id) on delete cascade,
  -- password: sets one. email: makes the address that of the account.
  purpose text not null check (purpose in ('password', 'email')),
  -- Where it was sent.
  email text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index account_links_user on account_links (user_id, purpose);

create table passkeys (
  id uuid primary key,
  user_id bigint not null references users (id) on delete cascade,
  -- In base64url, as browsers give it.
  credential_id text not null unique,
  public_key bytea not null,
  -- How often it says that it was used; 0 where it does not count.
  counter bigint not null,
  transports text[] not null,
  name text not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);
create index passkeys_user on passkeys (user_id, created_at);

-- Whom an OpenID Connect provider knows under which name.
create table identities (
  id uuid primary key,
  user_id bigint not null references users (id) on delete cascade,
  issuer text not null,
  subject text not null,
  email text,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  unique (issuer, subject)
);
create index identities_user on identities (user_id);

-- Sign-ins and confirmations of several steps that are under way. One that has ended is deleted.
create table ceremonies (
  secret_hash bytea primary key,
  kind text not null,
  user_id bigint references users (id) on delete cascade,
  session_id uuid references sessions (id) on delete cascade,
  -- What its next step needs, as JSON.
  data_sealed bytea not null,
  tries integer not null default 0,
  expires_at timestamptz not null
);
create index ceremonies_expiry on ceremonies (expires_at);

-- How often something was tried lately: a password for an account, or from an address.
create table attempts (
  -- A keyed hash of what is counted, so that the table names nobody.
  key bytea primary key,
  count integer not null,
  until timestamptz not null
);
create index attempts_until on attempts (until);
`;
