import { type Insertable, type Selectable, sql, type UpdateObject } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { AccessKeys, DB } from '../../db/schema.gen.ts';
import { type Listed, type Listing, type ListWanted, readPage } from '../../http/listing.ts';
import { warnOfNamesake } from '../../http/warnings.ts';
import { UUID } from '../../lib/ids.ts';
import type { AccessLevel, StoreKey } from '../../object-store/contract.ts';

export type AccessKey = Selectable<AccessKeys>;

/** What a key may do in one bucket, as its row has it. */
export interface Grant {
  bucket_id: string;
  bucket_name: string;
  s3_name: string;
  level: AccessLevel;
  prefix: string | null;
}

export type KeyWithGrants = AccessKey & { grants: Grant[] };

/** Quota kind of access keys. Those that were revoked do not count. */
export const KEY_QUOTA = 'access_key';

const ACCESS_KEYS: Listing = {
  id: { column: 'access_keys.id', form: 'uuid' },
  created: { value: sql.ref('access_keys.created_at'), form: 'time' },
  name: 'access_keys.name',
  status: 'access_keys.status',
};

const grants = sql<Grant[]>`coalesce((
    select jsonb_agg(jsonb_build_object('bucket_id', b.id, 'bucket_name', b.name, 's3_name', b.s3_name,
      'level', g.level, 'prefix', g.prefix) order by g.position)
    from access_key_grants g join buckets b on b.id = g.bucket_id
    where g.access_key_id = access_keys.id), '[]')`.as('grants');

const keys = (db: Queryable) => db.selectFrom('access_keys').selectAll('access_keys').select(grants);

export const pageOfKeys = (
  db: Queryable,
  teamId: number,
  wanted: ListWanted,
): Promise<Listed<KeyWithGrants>> =>
  readPage(keys(db).where('access_keys.team_id', '=', teamId), ACCESS_KEYS, wanted);

/** The team’s key with this id, whatever text that is. */
export async function findKey(db: Queryable, teamId: number, id: string): Promise<KeyWithGrants | undefined> {
  if (!UUID.test(id)) return undefined;
  return keys(db)
    .where('access_keys.id', '=', id)
    .where('access_keys.team_id', '=', teamId)
    .executeTakeFirst();
}

/** For workflows, which have its id from their own record. */
export const getKey = (db: Queryable, id: string): Promise<KeyWithGrants | undefined> =>
  keys(db).where('access_keys.id', '=', id).executeTakeFirst();

/** Locks a key until the transaction ends. */
export const lockKey = (tx: Tx, id: string): Promise<AccessKey | undefined> =>
  tx.selectFrom('access_keys').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

/** Keys that the store is to have, of all teams, in the order of their ids: at most `limit` after one of them. */
export function activeKeys(db: Queryable, after: string | null, limit: number): Promise<KeyWithGrants[]> {
  const active = keys(db).where('access_keys.status', '=', 'active').orderBy('access_keys.id').limit(limit);
  return (after === null ? active : active.where('access_keys.id', '>', after)).execute();
}

export async function insertKey(tx: Tx, key: Insertable<AccessKeys>): Promise<void> {
  await tx.insertInto('access_keys').values(key).execute();
}

export async function insertGrants(
  tx: Tx,
  keyId: string,
  wanted: readonly { bucketId: string; level: AccessLevel; prefix: string | null }[],
): Promise<void> {
  if (wanted.length === 0) return;
  await tx
    .insertInto('access_key_grants')
    .values(
      wanted.map(({ bucketId, level, prefix }, position) => ({
        access_key_id: keyId,
        bucket_id: bucketId,
        level,
        prefix,
        position,
      })),
    )
    .execute();
}

export async function updateKey(
  db: Queryable,
  id: string,
  changes: UpdateObject<DB, 'access_keys'>,
): Promise<void> {
  await db
    .updateTable('access_keys')
    .set({ ...changes, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute();
}

/** Those of these buckets that belong to the team, locked so that they stay. */
export async function lockBuckets(tx: Tx, teamId: number, ids: readonly string[]) {
  const possible = ids.filter((id) => UUID.test(id));
  if (possible.length === 0) return [];
  return tx
    .selectFrom('buckets')
    .select(['id', 'status'])
    .where('team_id', '=', teamId)
    .where('id', 'in', possible)
    .orderBy('id')
    .forKeyShare()
    .execute();
}

/** Warns of another key of the team with the same name that still works. */
export const warnOfName = (
  db: Queryable,
  key: Pick<AccessKey, 'id' | 'name' | 'team_id'>,
): Promise<string[]> =>
  warnOfNamesake(
    db.selectFrom('access_keys').where('team_id', '=', key.team_id).where('status', '<>', 'revoked'),
    ACCESS_KEYS,
    'access key',
    key,
  );

/** The key as the object store is to have it. */
export const storeKeyOf = ({
  team_id,
  access_key_id,
  scope,
  grants: all,
  expires_at,
}: KeyWithGrants): StoreKey => ({
  ref: { teamId: team_id, accessKeyId: access_key_id },
  scope:
    scope === 'team' ? 'team' : all.map(({ s3_name, level, prefix }) => ({ bucket: s3_name, level, prefix })),
  expiresAt: expires_at,
});
