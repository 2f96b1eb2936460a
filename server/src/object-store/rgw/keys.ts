import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { KeyRef, StoreKey, StoreKeys } from '../contract.ts';
import { GatewayError } from './client.ts';
import { findUser, type RgwContext } from './context.ts';
import { keyUser, ownerOf, parseUser, platformKey } from './names.ts';
import { allowAll, allowGrants, POLICY, readPolicy } from './policies.ts';
import { removeUser } from './teams.ts';
import { listUsers, readUserPolicy } from './users.ts';

/**
 * Implements `StoreKeys`. A key of the whole team without an end belongs to its owner. Any other key has a user of its own,
 * whose policy says what it may do and until when, because the gateway cannot tell apart the keys of one user.
 */
export function rgwKeys(context: RgwContext): StoreKeys {
  const { installId } = context;
  const isOwners = ({ scope, expiresAt }: StoreKey): boolean => scope === 'team' && expiresAt === null;

  return {
    async ensureKey(key, secretAccessKey) {
      const { ref } = key;
      const owner = await findUser(context, ownerOf(installId, ref.teamId));
      if (!owner) throw new DataPlaneError('not_found', 'The team has nothing in the object storage.');
      const client = await context.client();
      const pair = { 'access-key': ref.accessKeyId, 'secret-key': secretAccessKey, 'generate-key': false };
      const isWithOwner = owner.keys.some(({ access_key }) => access_key === ref.accessKeyId);
      const uid = keyUser(installId, ref);
      if (isOwners(key)) {
        await removeUser(context, uid);
        if (!isWithOwner) await client.admin('PUT', 'user', { key: '', uid: owner.user_id, ...pair });
        return;
      }
      if (isWithOwner) await removeFromOwner(context, ref);
      if (!(await findUser(context, uid))) {
        await client.admin('PUT', 'user', { uid, 'display-name': uid, 'max-buckets': -1, ...pair });
      }
      const { scope, expiresAt } = key;
      const document =
        scope === 'team' ? allowAll(owner.display_name, expiresAt) : allowGrants(scope, expiresAt);
      await client.iam('PutUserPolicy', { UserName: uid, PolicyName: POLICY, PolicyDocument: document });
    },
    async removeKey(ref) {
      await removeUser(context, keyUser(installId, ref));
      await removeFromOwner(context, ref);
    },
    async describeKey(ref) {
      const uid = keyUser(installId, ref);
      if (await findUser(context, uid)) {
        const policy = await readUserPolicy(context, uid);
        // A key that was interrupted half-way may do nothing.
        return { ref, ...(policy === null ? { scope: [], expiresAt: null } : readPolicy(policy)) };
      }
      const owner = await findUser(context, ownerOf(installId, ref.teamId));
      const found = owner?.keys.some(({ access_key }) => access_key === ref.accessKeyId) ?? false;
      return found ? { ref, scope: 'team', expiresAt: null } : null;
    },
    async listKeys() {
      const all: KeyRef[] = [];
      for (const uid of await listUsers(context)) {
        const parsed = parseUser(installId, uid);
        if (!parsed) continue;
        const { teamId, accessKeyId } = parsed;
        if (accessKeyId !== null) all.push({ teamId, accessKeyId });
        else all.push(...(await keysOfOwner(context, teamId)));
      }
      return all;
    },
  };
}

/** Without the platform's own. */
async function keysOfOwner(context: RgwContext, teamId: number): Promise<KeyRef[]> {
  const owner = await findUser(context, ownerOf(context.installId, teamId));
  const own = platformKey(context.installId, teamId);
  const names = (owner?.keys ?? []).map(({ access_key }) => access_key);
  return names.filter((name) => name !== own).map((accessKeyId) => ({ teamId, accessKeyId }));
}

async function removeFromOwner(context: RgwContext, ref: KeyRef): Promise<void> {
  const uid = ownerOf(context.installId, ref.teamId);
  const owned = await keysOfOwner(context, ref.teamId);
  if (!owned.some(({ accessKeyId }) => accessKeyId === ref.accessKeyId)) return;
  try {
    await (await context.client()).admin('DELETE', 'user', { key: '', uid, 'access-key': ref.accessKeyId });
  } catch (error) {
    // Another process was faster: the gateway has several answers for a key that is gone.
    if (!(error instanceof GatewayError) || ![403, 404].includes(error.status)) throw error;
  }
}
