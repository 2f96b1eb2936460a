import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { randomText } from '../../lib/crypto.ts';
import type { StoreTeam, StoreTeams } from '../contract.ts';
import { GatewayError, orNull } from './client.ts';
import { findUser, type GatewayUser, type RgwContext } from './context.ts';
import { keyUser, ownerOf, parseUser, platformKey } from './names.ts';
import { allowOwner, POLICY } from './policies.ts';
import { listUsers, readUserPolicy } from './users.ts';

/** Implements `StoreTeams`: a team is a user, who owns its buckets. The prefix of their names is its display name. */
export function rgwTeams(context: RgwContext): StoreTeams {
  const { installId } = context;
  return {
    async ensureTeam({ teamId, bucketPrefix, maxBuckets, maxBytes }) {
      const client = await context.client();
      const uid = ownerOf(installId, teamId);
      const [present, policy] = await Promise.all([findUser(context, uid), readUserPolicy(context, uid)]);
      const limits = { 'display-name': bucketPrefix, 'max-buckets': maxBuckets };
      const name = platformKey(installId, teamId);
      const keys = { 'access-key': name, 'secret-key': randomText(40), 'generate-key': false };
      // Each creation of a bucket asks for its team: what is as it should be is not written again.
      if (!present) await client.admin('PUT', 'user', { uid, ...limits, ...keys });
      else {
        const hasKey = present.keys.some(({ access_key }) => access_key === name);
        if (!hasKey) await client.admin('PUT', 'user', { key: '', uid, ...keys });
        const { display_name, max_buckets } = present;
        if (display_name !== bucketPrefix || max_buckets !== maxBuckets)
          await client.admin('POST', 'user', { uid, ...limits });
      }
      // What other keys of the team write belongs to their users, and the owner may do everything with it, too.
      const document = allowOwner(bucketPrefix);
      if (policy !== document)
        await client.iam('PutUserPolicy', { UserName: uid, PolicyName: POLICY, PolicyDocument: document });
      if (present && limitOf(present) === maxBytes) return;
      await client.admin('PUT', 'user', {
        ...{ quota: '', uid, 'quota-type': 'user', 'max-objects': -1 },
        'max-size': maxBytes ?? -1,
        enabled: maxBytes !== null,
      });
    },
    async describeTeam(teamId): Promise<StoreTeam | null> {
      const owner = await findUser(context, ownerOf(installId, teamId));
      if (!owner) return null;
      const { display_name: bucketPrefix, max_buckets: maxBuckets } = owner;
      return { teamId, bucketPrefix, maxBuckets, maxBytes: limitOf(owner) };
    },
    async removeTeam(teamId) {
      const uid = ownerOf(installId, teamId);
      if (!(await findUser(context, uid))) return;
      const buckets = await (await context.client()).admin<string[]>('GET', 'bucket', { uid });
      if (buckets.length > 0) {
        throw new DataPlaneError('invalid', 'The team still has buckets.', { detail: buckets.join(', ') });
      }
      for (const other of await listUsers(context)) {
        const parsed = parseUser(installId, other);
        if (parsed?.teamId !== teamId || parsed.accessKeyId === null) continue;
        await removeUser(context, keyUser(installId, { teamId, accessKeyId: parsed.accessKeyId }));
      }
      await removeUser(context, uid);
    },
  };
}

/** Bytes that the user may store; null: no limit. */
const limitOf = ({ user_quota: { enabled, max_size } }: GatewayUser): number | null =>
  enabled && max_size >= 0 ? max_size : null;

/** Succeeds where there is no such user. Throws `invalid` where it has made a bucket meanwhile. */
export async function removeUser({ client }: RgwContext, uid: string): Promise<void> {
  try {
    await orNull((await client()).admin('DELETE', 'user', { uid }));
  } catch (error) {
    if (!(error instanceof GatewayError) || error.status !== 409) throw error;
    throw new DataPlaneError('invalid', 'The team still has buckets.', { detail: uid, cause: error });
  }
}
