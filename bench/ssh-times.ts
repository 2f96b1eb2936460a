/** How long it takes until a server can be used over SSH. */
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { SshClient } from '../server/test/contract/ssh-client.ts';

/** What one creation took, in seconds from its request. */
export interface Times {
  banner: number;
  login: number;
}

/**
 * When the address sent its banner, and when root had logged in; `ssh` is null where only the banner matters. Asks every
 * 20 ms; `start` is of `performance.now()`.
 */
export async function timesOf(start: number, address: string, ssh: SshClient | null): Promise<Times> {
  const since = (): number => (performance.now() - start) / 1000;
  await banner(address);
  const seen = since();
  while (ssh && (await ssh.byKey(address, ssh.mine, 'true')).status !== 0) {
    if (since() > 120) throw new Error(`No login at ${address}.`);
  }
  return { banner: seen, login: since() };
}

/** Resolves when the address's SSH server has sent its banner. */
export async function banner(address: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await trySsh(address))) {
    if (Date.now() > deadline) throw new Error(`No SSH at ${address}.`);
    await delay(20);
  }
}

/** Milliseconds for a connection, which is to a neighbour, and for the banner. */
const CONNECT_MS = 100;
const BANNER_MS = 10_000;

/**
 * A connection that is begun before the guest is up is given up soon: TCP would repeat it only after a second, and so
 * measure that second and not the guest.
 */
function trySsh(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port: 22, timeout: CONNECT_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.setTimeout(BANNER_MS));
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
    socket.once('close', () => end(false));
  });
}
