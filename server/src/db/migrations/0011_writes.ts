import { type Kysely, sql } from 'kysely';

/** Whether pool and database take writes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- Why the pool takes no writes; null: it takes them.
alter table capacity add pool_refusal text;

-- For db/write-probe.ts: one row, written again and again.
create table write_probe (
  id boolean primary key default true check (id),
  written_at timestamptz not null default now()
);
`;
