import { type Kysely, sql } from 'kysely';

/** E-mails that are sent after the transaction that wrote them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(SCHEMA).execute(db);
}

const SCHEMA = `
create table mails (
  id bigint generated always as identity primary key,
  to_address text not null,
  subject text not null,
  -- Text and HTML, as they may hold links that let somebody in. Gone once the mail has ended.
  body_sealed bytea,
  -- The same for all attempts, so that a mail that was sent twice is shown once.
  message_id text not null,
  state text not null default 'pending' check (state in ('pending', 'sent', 'failed')),
  attempts integer not null default 0,
  next_attempt_at timestamptz default now(),
  -- A server is sending it, until then.
  leased_until timestamptz,
  -- It is of no use after that.
  expires_at timestamptz,
  error_message text,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check ((state = 'pending') = (next_attempt_at is not null)),
  check ((state = 'pending') = (body_sealed is not null)),
  check ((state = 'pending') = (ended_at is null))
);
create index mails_due on mails (next_attempt_at, id) where state = 'pending';
create index mails_ended on mails (ended_at) where state <> 'pending';

create function tell_of_mails() returns trigger language plpgsql as $$
begin
  perform pg_notify('danube_mails', '');
  return null;
end $$;
create trigger mails_written after insert on mails for each statement execute function tell_of_mails();
`;
