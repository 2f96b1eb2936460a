import { type Kysely, sql } from 'kysely';

/** What was told already: that buckets are nearly full, and how many e-mails accounts got lately. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
-- Whether it was told; until it is clearly below its limit again.
alter table buckets add nearly_full boolean not null default false;

-- Notifications that were mailed one by one since a moment; see notifications/mail-budget.ts.
create table notification_mails (
  user_id bigint primary key references users (id) on delete cascade,
  since timestamptz not null,
  count integer not null
);
`;
