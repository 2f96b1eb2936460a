import type { StoreStatistics } from '../contract.ts';
import type { GatewayClient, S3Keys } from './client.ts';
import { ownerOf, platformKey } from './names.ts';

/** A user as the admin API describes it, as far as Danube reads it. */
export interface GatewayUser {
  user_id: string;
  display_name: string;
  max_buckets: number;
  keys: { user: string; access_key: string; secret_key: string }[];
  user_quota: { enabled: boolean; max_size: number };
}

/** What all parts of the store in a gateway share. */
export interface RgwContext {
  /** Throws `unreachable` while there is no gateway. */
  client(): Promise<GatewayClient>;
  installId: string;
  /** Reads the log of requests; null where there is none that could be read. */
  readRequests: StoreStatistics['readRequests'] | null;
  /** Whether the store has room for so many bytes more, as far as this process knows. */
  hasRoomFor(bytes: number): boolean;
  /** Told of bytes that were sent to be stored. */
  letIn(bytes: number): void;
}

export const findUser = async ({ client }: RgwContext, uid: string): Promise<GatewayUser | null> =>
  (await client()).findAdmin<GatewayUser>('user', { uid });

/** The keys with which the platform acts as the owner of a team's buckets; null where there is no such team. */
export async function ownerKeys(context: RgwContext, teamId: number): Promise<S3Keys | null> {
  const owner = await findUser(context, ownerOf(context.installId, teamId));
  const name = platformKey(context.installId, teamId);
  const key = owner?.keys.find(({ access_key }) => access_key === name);
  return key ? { accessKey: key.access_key, secretKey: key.secret_key } : null;
}
