import { getKey, lockKey, storeKeyOf } from './store.ts';
import type { KeyWorkflowDependencies } from './workflow.ts';

/**
 * Takes the permissions in a bucket away from all keys, in the store as well: a later bucket of the same name is another
 * one. Idempotent; a step of the bucket’s deletion.
 */
export async function withdrawGrants(
  { database, objects, secrets }: KeyWorkflowDependencies,
  bucketId: string,
): Promise<void> {
  const holders = await database.db
    .selectFrom('access_key_grants')
    .select('access_key_id as id')
    .where('bucket_id', '=', bucketId)
    .execute();
  for (const { id } of holders) {
    await database.transaction(async (tx) => {
      const key = await lockKey(tx, id);
      await tx
        .deleteFrom('access_key_grants')
        .where('access_key_id', '=', id)
        .where('bucket_id', '=', bucketId)
        .execute();
      // One that is being made gets the rest of its permissions then.
      if (key?.status !== 'active') return;
      await objects.ensureKey(storeKeyOf((await getKey(tx, id))!), secrets.open(key.secret_sealed!));
    });
  }
}
