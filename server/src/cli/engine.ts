import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config.ts';
import type { Engine } from '../engines/engine.ts';
import type { Log } from '../lib/log.ts';
import { OperatorError } from '../platform/operator-error.ts';

/** What an engine needs to know about this install. */
export interface EngineContext {
  install: { installId: string };
  incusSocket: string | null;
  pool: string;
}

/** Makes the engine that the settings ask for. Engines load only when chosen. */
export async function openEngine(config: Config, context: EngineContext, log: Log): Promise<Engine> {
  if (config.engine === 'sim') {
    const { createSimEngine } = await import('../engines/sim/engine.ts');
    return createSimEngine(config.sim);
  }
  const { createIncusEngine } = await import('../engines/incus/engine.ts');
  return createIncusEngine({
    connection: await connectionOf(config, context.incusSocket),
    installId: context.install.installId,
    pool: context.pool,
    imageCache: path.join(config.home, 'images'),
    log,
  });
}

async function connectionOf(config: Config, socketPath: string | null) {
  if (socketPath) return { socketPath };
  if (!config.incus) throw new Error('There is no Incus to connect to.');
  const { url, clientCert, clientKey, serverCert } = config.incus;
  return {
    url,
    clientCert: await readSetting('INCUS_CLIENT_CERT', clientCert),
    clientKey: await readSetting('INCUS_CLIENT_KEY', clientKey),
    serverCert: serverCert ? await readSetting('INCUS_SERVER_CERT', serverCert) : null,
  };
}

async function readSetting(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new OperatorError(
      `${name} names a file that cannot be read: ${file}.`,
      'Check the path and its permissions.',
      {
        cause,
      },
    );
  }
}
