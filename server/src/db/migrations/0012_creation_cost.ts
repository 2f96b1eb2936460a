import { type Kysely, sql } from 'kysely';

/** Makes two questions cheaper that each creation asks. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- Whether the team has another instance of that name. Without it, the whole team is read.
create index instances_name on instances (team_id, kind, name);

-- Of a team, in GB; null until the install has said what those have that have none of their own. PostgreSQL keeps the
-- plan of a query in PL/pgSQL; that of a function in SQL it makes anew for each call.
create or replace function storage_quota_gb(team bigint) returns integer stable language plpgsql as $$
begin
  return (select coalesce((t.quotas ->> 'storage_gb')::integer, c.storage_quota_gb)
    from teams t, capacity c where t.id = team);
end $$;
`;
