import { type Kysely, sql } from 'kysely';

/** The list of a team's operations, which are kept for good. With the type, they are counted without reading rows. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index operations_team on operations (team_id, seq desc) include (resource_type)`.execute(
    db,
  );
}
