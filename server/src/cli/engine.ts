import path from 'node:path';
import type { Config } from '../config.ts';
import type { Engine } from '../engines/engine.ts';
import type { Log } from '../lib/log.ts';
import { incusConnection } from '../platform/incus-connection.ts';
import { type Install, poolFor } from '../platform/install.ts';

/** Makes the engine that the settings ask for. Engines load only when chosen. */
export async function openEngine(config: Config, install: Install, log: Log): Promise<Engine> {
  if (config.engine === 'sim') {
    const { createSimEngine } = await import('../engines/sim/engine.ts');
    return createSimEngine(config.sim);
  }
  const connection = await incusConnection(config, install);
  if (!connection) throw new Error('There is no Incus to connect to.');
  const { createIncusEngine } = await import('../engines/incus/engine.ts');
  return createIncusEngine({
    connection,
    installId: install.installId,
    pool: poolFor(config, install.installId),
    imageCache: path.join(config.home, 'images'),
    log,
  });
}
