import { type Kysely, sql } from 'kysely';

/** Passwords that change, and those that still work beside them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
alter table managed_services
  -- The password that a rotation in progress gives to the engine, and for how long the present one is to work beside it.
  add next_password_sealed bytea,
  add next_overlap_seconds integer,
  -- The password before the present one, and until when it works.
  add previous_password_sealed bytea,
  add previous_password_until timestamptz,
  add check ((next_password_sealed is null) = (next_overlap_seconds is null)),
  add check ((previous_password_sealed is null) = (previous_password_until is null));
create index managed_services_previous_password on managed_services (previous_password_until)
  where previous_password_until is not null;
`;
