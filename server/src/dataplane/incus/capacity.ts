import type { CapacityReport } from '../contract/capacity.ts';
import type { IncusContext } from './context.ts';
import type { Parts } from './parts.ts';

/** The memory of the host, and the space in the pool; see the contract. */
export async function describeCapacity({ context, server }: Parts): Promise<CapacityReport> {
  const [{ memoryMb }, pool] = await Promise.all([
    server.size(),
    context.host?.poolSpace() ?? incusSays(context),
  ]);
  return { memoryMb, pool };
}

/** For an Incus elsewhere. It counts as free what Btrfs may still need for itself. */
async function incusSays({ client, pool }: IncusContext): Promise<CapacityReport['pool']> {
  const { space } = await client.get<{ space: { used: number; total: number } }>(
    `/1.0/storage-pools/${pool}/resources`,
  );
  return { totalBytes: space.total, freeBytes: space.total - space.used };
}
