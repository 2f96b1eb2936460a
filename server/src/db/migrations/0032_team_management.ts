import { type Kysely, sql } from 'kysely';

/** Teams that end, invitations to them, what tokens are made by and used for, and the rights of operators. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- Operations, events and the audit log name a team for good, so its row stays.
alter table teams add column deleted_at timestamptz;

alter table users
  add column operator boolean not null default false,
  -- How many teams it may own; null is the default.
  add column team_limit integer check (team_limit >= 0);
-- The account that the first start created.
update users set operator = true where id = (select min(id) from users);

alter table tokens
  -- The token that made it, and takes it along when it is revoked.
  add column parent_id bigint references tokens (id) on delete cascade,
  -- What requests needed of its scopes so far.
  add column used_scopes text[] not null default '{}';
create index tokens_user on tokens (user_id, id);
create index tokens_parent on tokens (parent_id) where parent_id is not null;

create table team_invitations (
  id bigint generated always as identity primary key,
  team_id bigint not null references teams (id) on delete cascade,
  role text not null check (role in ('viewer', 'editor', 'admin', 'owner')),
  -- Whose account may accept it; null: whoever has the code.
  email text,
  code_hash bytea not null unique,
  invited_by bigint not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index team_invitations_team on team_invitations (team_id, id);
create index team_invitations_email on team_invitations (lower(email)) where email is not null;
`;
