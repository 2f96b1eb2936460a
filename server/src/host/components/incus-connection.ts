import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../../config.ts';
import { IncusClient, type IncusConnection } from '../../dataplane/incus/client.ts';
import type { Install } from '../install.ts';
import { OperatorError } from '../operator-error.ts';

/** Socket of the Incus daemon that a distribution's package runs. */
export const HOST_INCUS_SOCKET = '/var/lib/incus/unix.socket';

/** The folder of the install's own Incus daemon. */
export const incusFolder = (home: string): string => path.join(home, 'incus');
export const incusSocket = (home: string): string => path.join(incusFolder(home), 'unix.socket');
export const incusLog = (home: string): string => path.join(home, 'log', 'incusd.log');

export const usesLocalIncus = (config: Config): boolean => config.engine === 'incus' && !config.incus;

/** Paths of an Incus on this host. */
export interface LocalIncus {
  socket: string;
  folder: string;
  log: string;
}

/** Paths of the install's own Incus, or of the one that the host already had. */
export const localIncus = (home: string, whose: Install['incus']): LocalIncus =>
  whose === 'host'
    ? {
        socket: HOST_INCUS_SOCKET,
        folder: path.dirname(HOST_INCUS_SOCKET),
        log: '/var/log/incus/incus.log',
      }
    : { socket: incusSocket(home), folder: incusFolder(home), log: incusLog(home) };

/** The Incus that this install uses: its own, the host's, or that of INCUS_URL; null with another data plane. */
export async function incusConnection(
  config: Config,
  install: Pick<Install, 'incus'> | null,
): Promise<IncusConnection | null> {
  if (config.engine !== 'incus') return null;
  if (!config.incus) {
    return { socketPath: install?.incus === 'host' ? HOST_INCUS_SOCKET : incusSocket(config.home) };
  }
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
      { cause },
    );
  }
}

/** Opens an Incus client for the duration of `work`. */
export async function withIncus<T>(
  connection: IncusConnection,
  work: (incus: IncusClient) => Promise<T>,
): Promise<T> {
  const incus = new IncusClient(connection);
  try {
    return await work(incus);
  } finally {
    await incus.close();
  }
}
