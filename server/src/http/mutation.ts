import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import type { Tx } from '../db/database.ts';
import type { DB } from '../db/schema.gen.ts';
import type { SecretBox } from '../lib/crypto.ts';
import { AppError, invalid } from '../lib/errors.ts';
import type { PrivateRequest } from './api.ts';
import { withDropped } from './dropped.ts';
import type { Principal } from './principal.ts';

/** How long a response is kept for repeated requests, in hours. */
export const IDEMPOTENCY_HOURS = 24;

const PRINTABLE = /^[\x20-\x7e]{1,255}$/;
const ATTEMPTS = 5;

/**
 * Runs the work of one write request in one transaction and returns the response body. Every write goes through here.
 *
 * With an `Idempotency-Key` header, the key's row is written first, in the same transaction. A second request with that
 * key waits for the first one, then gets its stored response (header `Idempotency-Replayed: true`) without running
 * `work`. An error rolls everything back, including the key, so the request can be repeated. A key belongs to the
 * account and the team that it acts for, not to the token, so a repetition may use a new token.
 *
 * `work` must use `tx` only: waiting requests hold one connection each, so asking the pool for a second one could
 * deadlock. It may run more than once, as in any transaction.
 *
 * Every write that goes through here is in the audit log.
 *
 * `holdsSecret`: the response holds a secret that is shown once, so it is stored sealed.
 * `did`: what the request did to things that have no row, before the transaction. It is in the audit log, and tells a
 * request without a body from others with the same path.
 *
 * Throws `validation_failed` for a malformed key and `idempotency_conflict` for one that was used for another request.
 */
export async function mutate<T>(
  request: PrivateRequest,
  work: (tx: Tx) => Promise<T>,
  { holdsSecret = false, did }: { holdsSecret?: boolean; did?: Readonly<Record<string, unknown>> } = {},
): Promise<T> {
  const key = idempotencyKey(request);
  const { database, auditor } = request.server;
  const answer = async (tx: Tx) =>
    withDropped(request, await auditor.record(tx, request, () => work(tx), did));
  if (key === null) return database.transaction(answer);
  const hash = requestHash(request, request.body ?? did);
  const form: StoredForm = holdsSecret ? sealedForm(request.server.secrets) : PLAIN_FORM;
  return database.transaction((tx) => once(request, tx, key, hash, form, answer));
}

/**
 * The key of a request, or null. Throws `validation_failed` for a malformed one: call it where something else is looked at
 * before {@link mutate}.
 */
export function idempotencyKey(request: PrivateRequest): string | null {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return null;
  if (typeof header !== 'string' || !PRINTABLE.test(header)) {
    throw invalid({
      'Idempotency-Key': ['The Idempotency-Key header must be 1 to 255 printable characters.'],
    });
  }
  return header;
}

/** How a response is stored. */
interface StoredForm {
  write(body: unknown): unknown;
  read(stored: unknown): unknown;
}

const PLAIN_FORM: StoredForm = { write: (body) => body, read: (stored) => stored };

const sealedForm = (secrets: SecretBox): StoredForm => ({
  write: (body) => ({ sealed: secrets.seal(JSON.stringify(body)).toString('base64') }),
  read: (stored) => JSON.parse(secrets.open(Buffer.from((stored as { sealed: string }).sealed, 'base64'))),
});

async function once<T>(
  request: PrivateRequest,
  tx: Tx,
  key: string,
  hash: Buffer,
  form: StoredForm,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const owner = ownerOf(request.principal);
  const stored = await claim(tx, owner, key, hash);
  if (stored) {
    if (!stored.requestHash.equals(hash)) {
      throw new AppError(
        'idempotency_conflict',
        'This Idempotency-Key was used for another request in the last 24 hours: the method, the path or the body ' +
          'differs. Send the same request again, or use a new key.',
      );
    }
    request.idempotencyReplayed = true;
    return form.read(stored.body) as T;
  }
  const body = await work(tx);
  await tx
    .updateTable('idempotency_keys')
    .set({ body: JSON.stringify(form.write(body)) })
    .where(isKey(owner, key))
    .execute();
  return body;
}

/** The account and team that a key belongs to. */
interface Owner {
  user_id: number;
  team_id: number | null;
}

const ownerOf = ({ accountId, team }: Principal): Owner => ({
  user_id: accountId,
  team_id: team?.id ?? null,
});

const isKey =
  (owner: Owner, key: string) =>
  (eb: ExpressionBuilder<DB, 'idempotency_keys'>): Expression<SqlBool> =>
    eb.and([
      eb('user_id', '=', owner.user_id),
      eb('key', '=', key),
      eb('team_id', 'is not distinct from', owner.team_id),
    ]);

/**
 * Claims the key for this request, or returns the response stored under it. Waits for a transaction that holds the key.
 */
async function claim(
  tx: Tx,
  owner: Owner,
  key: string,
  hash: Buffer,
): Promise<{ requestHash: Buffer; body: unknown } | null> {
  // The upsert claims a key that is new or expired. If a key is purged between the two statements, the next round
  // claims it.
  for (let round = 0; round < ATTEMPTS; round++) {
    const taken = await tx
      .insertInto('idempotency_keys')
      .values({ ...owner, key, request_hash: hash })
      .onConflict((conflict) =>
        conflict
          .columns(['user_id', 'key', 'team_id'])
          .doUpdateSet({ request_hash: hash, body: null, created_at: sql`now()` })
          .where('idempotency_keys.created_at', '<', tooOld),
      )
      .returning('key')
      .executeTakeFirst();
    if (taken) return null;
    const row = await tx
      .selectFrom('idempotency_keys')
      .select(['request_hash', 'body'])
      .where(isKey(owner, key))
      .executeTakeFirst();
    if (row) return { requestHash: row.request_hash, body: row.body };
  }
  throw new AppError('unavailable', 'The request could not be started. Send it again.', {
    extra: { reason: 'busy' },
  });
}

const tooOld = sql<Date>`now() - make_interval(hours => ${sql.lit(IDEMPOTENCY_HOURS)})`;

/** Deletes expired keys. Returns their number. */
export async function purgeIdempotencyKeys(db: Kysely<DB>): Promise<number> {
  const result = await db.deleteFrom('idempotency_keys').where('created_at', '<', tooOld).executeTakeFirst();
  return Number(result.numDeletedRows);
}

function requestHash(request: PrivateRequest, body: unknown): Buffer {
  const path = request.url.split('?', 1)[0];
  // A keyed hash, since the body may contain a password.
  return request.server.secrets.fingerprint(`${request.method} ${path}\n${canonical(body)}`);
}

/** JSON with sorted keys, because the order of members has no meaning. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
