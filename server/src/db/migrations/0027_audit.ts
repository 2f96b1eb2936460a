import { type Kysely, sql } from 'kysely';

/** Who changed what. Entries are kept for good, and outlive the teams and accounts that they name. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table audit_entries (
  id bigint generated always as identity primary key,
  -- Its place in the chain and its hash, which it gets after the commit; see identity/audit/chain.ts.
  position bigint unique,
  previous_hash bytea,
  hash bytea,
  -- Whole milliseconds, which JavaScript reads without loss.
  created_at timestamptz not null default date_trunc('milliseconds', now()),
  team_id bigint,
  account_id bigint,
  account_email text,
  -- host: the command line of the host. None: somebody who has not signed in, or Danube itself.
  credential text check (credential in ('token', 'session', 'host')),
  credential_id text,
  address text,
  request_id text,
  action text not null,
  resource_type text,
  resource_id text,
  outcome text not null check (outcome in ('done', 'refused', 'failed')),
  error_code text,
  before jsonb,
  after jsonb,
  check ((position is null) = (hash is null) and (position is null) = (previous_hash is null))
);
create index audit_entries_team on audit_entries (team_id, position) where position is not null;
create index audit_entries_waiting on audit_entries (id) where position is null;

-- Where the chain ends, sealed, so that entries cannot be cut off its end.
create table audit_head (
  only_row boolean primary key default true check (only_row),
  position bigint not null,
  hash bytea not null,
  seal bytea
);
insert into audit_head (position, hash) values (0, '');

create function keep_audit_entry() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.position is null and new.position is not null
    and to_jsonb(new) - array['position', 'previous_hash', 'hash']
      = to_jsonb(old) - array['position', 'previous_hash', 'hash'] then
    return new;
  end if;
  raise exception 'Entries of the audit log are never changed or deleted.';
end $$;
create trigger audit_entries_kept before update or delete on audit_entries
  for each row execute function keep_audit_entry();
create trigger audit_entries_all_kept before truncate on audit_entries
  for each statement execute function keep_audit_entry();
`;
