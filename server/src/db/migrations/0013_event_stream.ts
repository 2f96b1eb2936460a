import { type Kysely, sql } from 'kysely';

/** Events are read by team, and whoever follows them hears that there are new ones. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- Some resources have numbers.
alter table events alter column resource_id type text;
create index events_team on events (team_id, position) where position is not null;
-- For the end of their time.
create index events_created on events (created_at);

create function tell_of_events() returns trigger language plpgsql as $$
begin
  perform pg_notify('danube_events', '');
  return null;
end $$;
create trigger events_written after insert on events for each statement execute function tell_of_events();
`;
