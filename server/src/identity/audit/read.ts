import { type Selectable, sql } from 'kysely';
import type { Queryable } from '../../db/database.ts';
import type { AuditEntries } from '../../db/schema.gen.ts';
import { type Listing, type ListWanted, readPage } from '../../http/listing.ts';
import { pageOf } from '../../http/pagination.ts';
import type { AuditEntry, AuditQuery } from './schema.ts';

/** Whose entries are read: those of a team, or all of the install. */
export type Extent = { teamId: number } | 'install';

/** Entries that are read at once for an export. */
const READ_AT_ONCE = 500;

const LISTING: Listing = {
  id: { column: 'position', form: 'number' },
  created: { value: sql.ref('position'), form: 'number' },
  name: 'action',
  status: 'outcome',
  filters: {
    resource_type: { column: 'resource_type', form: 'text' },
    resource_id: { column: 'resource_id', form: 'text' },
  },
};

const entriesOf = (db: Queryable, extent: Extent) =>
  db
    .selectFrom('audit_entries')
    .selectAll()
    .where('position', 'is not', null)
    .$if(extent !== 'install', (all) => all.where('team_id', '=', (extent as { teamId: number }).teamId));

/** A page of entries, newest first. */
export async function listEntries(db: Queryable, extent: Extent, { account, ...query }: AuditQuery) {
  const entries = entriesOf(db, extent).$if(account !== undefined, (all) =>
    all.where('account_id', '=', account!),
  );
  const page = await readPage(entries, LISTING, query as ListWanted);
  return pageOf(page.rows.map(viewEntry), page, query);
}

/** All entries after a place, in order, one line of JSON each. */
export async function* exportEntries(db: Queryable, extent: Extent, since: number): AsyncGenerator<string> {
  for (let after = since; ; ) {
    const rows = await entriesOf(db, extent)
      .where('position', '>', after)
      .orderBy('position')
      .limit(READ_AT_ONCE)
      .execute();
    yield* rows.map((row) => `${JSON.stringify(viewEntry(row))}\n`);
    if (rows.length < READ_AT_ONCE) return;
    after = rows.at(-1)!.position!;
  }
}

/** An entry that has its place. */
const viewEntry = (row: Selectable<AuditEntries>): AuditEntry => ({
  id: row.position!,
  created_at: row.created_at.toISOString(),
  team_id: row.team_id,
  account_id: row.account_id,
  account_email: row.account_email,
  credential: row.credential as AuditEntry['credential'],
  credential_id: row.credential_id,
  address: row.address,
  request_id: row.request_id,
  action: row.action,
  resource_type: row.resource_type,
  resource_id: row.resource_id,
  outcome: row.outcome as AuditEntry['outcome'],
  error_code: row.error_code,
  before: row.before as AuditEntry['before'],
  after: row.after as AuditEntry['after'],
  hash: row.hash!.toString('hex'),
});
