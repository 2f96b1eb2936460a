import { type Kysely, sql } from 'kysely';

/** What is wrong with engines of managed services. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- A finding as \`diagnose\` shows it, of the last time that the engine was asked; null: it answered.
alter table managed_services add engine_problem jsonb, add engine_checked_at timestamptz;

-- A status is only set to what was just found, so what was found before it counts no longer.
create function forget_engine_problem() returns trigger language plpgsql as $$
begin
  update managed_services set engine_problem = null, engine_checked_at = null
    where id = new.id and engine_checked_at is not null;
  return null;
end $$;
create trigger instances_forget_engine_problem after update of status on instances
  for each row when (old.status is distinct from new.status) execute function forget_engine_problem();
`;
