import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import { deleteInBatches } from '../../db/batches.ts';
import type { Database } from '../../db/database.ts';
import { record } from '../../events/store.ts';
import type { Log } from '../../lib/log.ts';
import type { ObjectStore } from '../../object-store/contract.ts';
import { accept, DANUBE } from '../../operations/accept.ts';
import { hasUnfinished } from '../../operations/unfinished.ts';
import type { Reconciler } from '../../reconcilers/reconcilers.ts';
import { forEachRow } from '../../reconcilers/rows.ts';
import { accessKeyEvents } from './events.ts';
import { accessKeyOperations, keyTarget } from './operations.ts';
import { RESOURCE_TYPE } from './states.ts';
import { activeKeys, getKey, type KeyWithGrants, lockKey, storeKeyOf, updateKey } from './store.ts';
import type { KeyWorkflowDependencies } from './workflow.ts';

/** Days for which a revoked key stays in the list. */
const KEPT_DAYS = 30;

/** Revokes keys that have expired. The store refuses them already. */
export const expiredKeys = ({ db, transaction }: Database): Reconciler => ({
  name: 'access-key-expiry',
  everySeconds: 5,
  async run() {
    const found = await db
      .selectFrom('access_keys')
      .select('id')
      .where('status', '=', 'active')
      .where('expires_at', '<=', sql<Date>`now()`)
      .execute();
    await forEachRow(
      found,
      ({ id }) => id,
      ({ id }) =>
        transaction(async (tx) => {
          const key = await lockKey(tx, id);
          if (key?.status !== 'active') return;
          await accept(tx, DANUBE, keyTarget(key), accessKeyOperations.delete, { expired: true });
          await updateKey(tx, id, { status: 'revoking' });
        }),
    );
    await forgetRevoked(db);
  },
});

async function forgetRevoked(db: Database['db']): Promise<void> {
  await deleteInBatches(
    db,
    (limit) => sql`
      delete from access_keys where id in (select id from access_keys
        where revoked_at < now() - make_interval(days => ${KEPT_DAYS}) limit ${limit})`,
  );
}

/** Keys that one pass looks at. */
const ROTATED = 200;

/**
 * Mends keys that the store has lost or has other permissions for. A key that was revoked and is still there is removed;
 * one that the database has never known is reported and left alone.
 */
export function keyReconciler({ database, objects, secrets }: KeyWorkflowDependencies, log: Log): Reconciler {
  let after: string | null = null;
  return {
    name: 'access-keys',
    everySeconds: 60,
    async run() {
      const { db } = database;
      const any = await db.selectFrom('access_keys').select('id').limit(1).executeTakeFirst();
      // An install that does not use object storage has none, and the first one makes the store.
      if (!any || !(await objects.isMade())) return;
      // In rotation: the store has no list that would tell which keys have changed.
      const keys: KeyWithGrants[] = await activeKeys(db, after, ROTATED);
      after = keys.length < ROTATED ? null : keys.at(-1)!.id;
      await forEachRow(
        keys,
        ({ id }) => id,
        (key) => mend(database, objects, key, secrets.open(key.secret_sealed!)),
      );
      await removeLeaks(database, objects, log);
    },
  };
}

async function mend(
  { transaction }: Database,
  objects: ObjectStore,
  seen: KeyWithGrants,
  secret: string,
): Promise<void> {
  const present = await objects.describeKey(storeKeyOf(seen).ref);
  if (isDeepStrictEqual(present, storeKeyOf(seen))) return;
  await transaction(async (tx) => {
    const locked = await lockKey(tx, seen.id);
    if (locked?.status !== 'active' || (await hasUnfinished(tx, seen.id))) return;
    const wanted = storeKeyOf((await getKey(tx, seen.id))!);
    // Under the lock, so that no revocation comes in between.
    await objects.ensureKey(wanted, secret);
    const subject = { teamId: seen.team_id, resourceType: RESOURCE_TYPE, resourceId: seen.id };
    await record(tx, accessKeyEvents.mended, subject, { what: present ? 'scope' : 'missing' });
  });
}

async function removeLeaks({ db }: Database, objects: ObjectStore, log: Log): Promise<void> {
  const listed = await objects.listKeys();
  if (listed.length === 0) return;
  const rows = await db
    .selectFrom('access_keys')
    .select(['access_key_id', 'status'])
    .where(
      'access_key_id',
      'in',
      listed.map(({ accessKeyId }) => accessKeyId),
    )
    .execute();
  const statuses = new Map(rows.map(({ access_key_id, status }) => [access_key_id, status]));
  await forEachRow(
    listed,
    ({ accessKeyId }) => accessKeyId,
    async (ref) => {
      const status = statuses.get(ref.accessKeyId);
      if (status !== undefined && status !== 'revoked') return;
      log.warn(
        { key: ref, removed: status !== undefined },
        status ? 'removing a revoked key' : 'unknown access key',
      );
      if (status === 'revoked') await objects.removeKey(ref);
    },
  );
}
