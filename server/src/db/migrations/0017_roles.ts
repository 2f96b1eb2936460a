import { type Kysely, sql } from 'kysely';

/** Members of a team have a role. Several may be owners. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- Until now, a member could do everything that its token could.
alter table team_members
  add column role text not null default 'admin' check (role in ('viewer', 'editor', 'admin', 'owner')),
  add column joined_at timestamptz not null default now();
alter table team_members alter column role drop default;
insert into team_members (team_id, user_id, role) select id, owner_id, 'owner' from teams
  on conflict (team_id, user_id) do update set role = 'owner';
alter table teams drop column owner_id;
create index team_members_user on team_members (user_id);
`;
