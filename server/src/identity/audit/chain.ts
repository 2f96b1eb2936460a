import { sql } from 'kysely';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import { lockInstall } from '../../db/transaction-locks.ts';
import { equalBytes, type SecretBox } from '../../lib/crypto.ts';

/**
 * The chain of the audit log. Each entry has a keyed hash of its place, its content and the hash before it, so that nobody
 * without the install's key can change, remove or insert one unnoticed. Entries get their place after the commit, as
 * events do, so writers wait neither for each other nor for the chain.
 */

/** Most entries that get their places in one transaction. */
const PLACED_AT_ONCE = 1000;
/** Most entries that are read at once. */
const READ_AT_ONCE = 1000;

/** What the hash of an entry is of. As JSON of the database, its form is the same at each reading. */
const CONTENT = sql<string>`jsonb_build_array(id, extract(epoch from created_at) * 1000, team_id, account_id, account_email,
  credential, credential_id, address, request_id, action, resource_type, resource_id, outcome, error_code, before,
  after)::text`;

interface Link {
  position: number;
  hash: Buffer;
}

const hashOf = (secrets: SecretBox, position: number, previous: Buffer, content: string): Buffer =>
  secrets.fingerprint(`audit entry\n${position}\n${previous.toString('hex')}\n${content}`);

const sealOf = (secrets: SecretBox, { position, hash }: Link): Buffer =>
  secrets.fingerprint(`audit head\n${position}\n${hash.toString('hex')}`);

/** Puts all entries into the chain that were committed before the call. */
export async function placeEntries(database: Database, secrets: SecretBox): Promise<void> {
  for (;;) {
    const waiting = await database.db
      .selectFrom('audit_entries')
      .select('id')
      .where('position', 'is', null)
      .limit(1)
      .executeTakeFirst();
    if (!waiting) return;
    await database.transaction((tx) => placeSome(tx, secrets));
  }
}

async function placeSome(tx: Tx, secrets: SecretBox): Promise<void> {
  // A statement of its own: those after it see what the previous holder of the lock has committed.
  await lockInstall(tx, 'audit');
  const head = await readHead(tx);
  if (!isGenuine(secrets, head))
    throw new Error('The end of the audit log was changed: `danube audit verify`.');
  const rows = await tx
    .selectFrom('audit_entries')
    .select(['id', CONTENT.as('content')])
    .where('position', 'is', null)
    .orderBy('id')
    .limit(PLACED_AT_ONCE)
    .execute();
  if (rows.length === 0) return;
  let last: Link = head;
  const links = rows.map(({ content }) => {
    const previous = last.hash;
    const position = last.position + 1;
    last = { position, hash: hashOf(secrets, position, previous, content) };
    return { ...last, previous };
  });
  await sql`
    update audit_entries set position = placed.position, previous_hash = placed.previous, hash = placed.hash
    from unnest(${rows.map(({ id }) => id)}::bigint[], ${links.map((link) => link.position)}::bigint[],
      ${links.map(({ previous }) => previous)}::bytea[], ${links.map(({ hash }) => hash)}::bytea[])
      as placed (id, position, previous, hash)
    where audit_entries.id = placed.id`.execute(tx);
  await tx
    .updateTable('audit_head')
    .set({ ...last, seal: sealOf(secrets, last) })
    .execute();
}

interface Head extends Link {
  seal: Buffer | null;
}

const readHead = (db: Queryable): Promise<Head> =>
  db.selectFrom('audit_head').select(['position', 'hash', 'seal']).executeTakeFirstOrThrow();

/** An install without entries has no seal yet. */
const isGenuine = (secrets: SecretBox, head: Head): boolean =>
  head.seal === null ? head.position === 0 : equalBytes(head.seal, sealOf(secrets, head));

export interface Verification {
  /** How many entries there are. */
  entries: number;
  /** The last entry and its hash, in hexadecimal: who keeps it elsewhere can later tell that the log goes on from there. */
  head: { position: number; hash: string };
  /** A sentence for each entry that is not as it was written. */
  problems: string[];
}

/** Most problems that are named. */
const MAX_PROBLEMS = 100;

/**
 * Goes through the whole chain. `since` is an entry whose hash was noted before, in hexadecimal: the log must still have
 * it.
 */
export async function verifyChain(
  database: Database,
  secrets: SecretBox,
  since?: { position: number; hash: string },
): Promise<Verification> {
  // Nothing is put at the end of a log that does not end where it should.
  const problems = await findBeyond(database.db);
  if (!isGenuine(secrets, await readHead(database.db)))
    problems.push('The end of the log was changed: entries may have been cut off it.');
  if (problems.length === 0) await placeEntries(database, secrets);
  const head = await readHead(database.db);
  const known = since && (await hashAt(database.db, since.position));
  if (since && known !== since.hash) problems.push(`Entry ${since.position} is not the one that was noted.`);
  let entries = 0;
  let last: Link = { position: 0, hash: Buffer.alloc(0) };
  for await (const row of chainRows(database.db, head.position)) {
    entries += 1;
    problems.push(...problemsOf(secrets, last, row));
    if (problems.length >= MAX_PROBLEMS) break;
    if (row.position > last.position) last = { position: row.position, hash: row.hash };
  }
  if (last.position < head.position && problems.length < MAX_PROBLEMS)
    problems.push(missing(last.position + 1, head.position));
  const { position, hash } = head;
  return {
    entries,
    head: { position, hash: hash.toString('hex') },
    problems: problems.slice(0, MAX_PROBLEMS),
  };
}

interface ChainRow extends Link {
  previous_hash: Buffer;
  content: string;
}

async function* chainRows(db: Queryable, upTo: number): AsyncGenerator<ChainRow> {
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const rows = await db
      .selectFrom('audit_entries')
      .select(['position', 'hash', 'previous_hash', CONTENT.as('content')])
      .where('position', '>', after)
      .where('position', '<=', upTo)
      .orderBy('position')
      .limit(READ_AT_ONCE)
      .$narrowType<{ position: number; hash: Buffer; previous_hash: Buffer }>()
      .execute();
    yield* rows;
    if (rows.length < READ_AT_ONCE) return;
    after = rows.at(-1)!.position;
  }
}

/** What is wrong with an entry after the one before it. */
function problemsOf(secrets: SecretBox, last: Link, row: ChainRow): string[] {
  const { position } = row;
  const expected = hashOf(secrets, position, row.previous_hash, row.content);
  const problems = position > last.position + 1 ? [missing(last.position + 1, position - 1)] : [];
  if (!equalBytes(expected, row.hash)) {
    return [...problems, `Entry ${position} was changed, or was not written by Danube.`];
  }
  const follows = position === last.position + 1;
  if (follows && !equalBytes(row.previous_hash, last.hash))
    return [`Entry ${position} does not follow on the entry ${last.position} that is there now.`];
  return problems;
}

const missing = (first: number, last: number): string =>
  first === last ? `Entry ${first} was removed.` : `The entries ${first} to ${last} were removed.`;

const hashAt = async (db: Queryable, position: number): Promise<string | undefined> => {
  const row = await db
    .selectFrom('audit_entries')
    .select('hash')
    .where('position', '=', position)
    .executeTakeFirst();
  return row?.hash?.toString('hex');
};

/** Entries with a place after the end of the chain. */
async function findBeyond(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectFrom('audit_entries')
    .select('position')
    .where('position', '>', ({ selectFrom }) => selectFrom('audit_head').select('position'))
    .orderBy('position')
    .limit(MAX_PROBLEMS)
    .execute();
  return rows.map(({ position }) => `Entry ${position} was inserted after the end of the log.`);
}
