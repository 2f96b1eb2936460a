import path from 'node:path';
import type { Config } from '../config.ts';
import type { DataPlane } from '../dataplane/contract/data-plane.ts';
import { incusConnection } from '../host/components/incus-connection.ts';
import { type Install, poolFor } from '../host/install.ts';
import { SharedBoots } from '../instances/shared-boots.ts';
import type { Log } from '../lib/log.ts';

/** Where images are built and kept. */
export const imageFolder = ({ home }: Config): string => path.join(home, 'images');

/**
 * Opens the data plane that the settings select, and imports only that one's code. With the URL of the database, it is for a
 * server: it boots instances in turn with other processes of the install. Without, for a command, which may run beside a server.
 */
export async function openDataPlane(
  config: Config,
  install: Install,
  log: Log,
  databaseUrl: string | null = null,
): Promise<DataPlane> {
  if (config.engine === 'sim') {
    const { createSimDataPlane } = await import('../dataplane/sim/data-plane.ts');
    return createSimDataPlane({ ...config.sim, readOnly: databaseUrl === null });
  }
  const connection = await incusConnection(config, install);
  if (!connection) throw new Error('There is no Incus to connect to.');
  const { createIncusDataPlane } = await import('../dataplane/incus/data-plane.ts');
  const boots = databaseUrl === null ? null : new SharedBoots(databaseUrl, log);
  const plane = createIncusDataPlane({
    connection,
    installId: install.installId,
    pool: poolFor(config, install.installId),
    imageCache: imageFolder(config),
    log,
    ...(boots && { bootSlots: (teamId: number, slots: number) => boots.enter(teamId, slots) }),
  });
  return {
    ...plane,
    close: async () => {
      await plane.close();
      await boots?.close();
    },
  };
}
