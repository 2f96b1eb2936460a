import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { compile } from '@fastify/proxy-addr';
import type { Log } from '../lib/log.ts';
import { addressKey } from './rate-limits.ts';

/** Node's own limits, in milliseconds. What does not keep them is answered with 408, and its connection ends. */
export const CONNECTION_TIMES = {
  /** From the beginning of a connection, or of a further request on it, until all of its headers are there. */
  headersTimeout: 10_000,
  /** Until its body is there as well: 1 MB takes that long at 140 kbit/s. */
  requestTimeout: 60_000,
  /** How often the two above are looked at. */
  connectionsCheckingInterval: 2_000,
  /** How long a connection may be idle between two requests: longer than most proxies keep theirs, which is a minute. */
  keepAliveTimeout: 72_000,
} as const;

/** Open connections at once. */
export const MAX_CONNECTIONS = 5_000;
/** Of these, from one address; an IPv6 network counts as one. */
export const MAX_CONNECTIONS_PER_ADDRESS = 500;

/** Between two lines of the log about refused connections, in milliseconds. */
const SILENCE_MS = 60_000;

/**
 * Refuses connections past the limits, so that neither one address nor all of them together take all that the process can hold.
 * What comes from `proxies` stands for many clients, and counts for the whole alone.
 */
export function limitConnections(server: Server, { proxies, log }: { proxies: string[]; log: Log }): void {
  const isProxy = compile(proxies);
  const open = new Map<string, number>();
  let saidAt = Number.NEGATIVE_INFINITY;
  const tell = (message: string, fields = {}): void => {
    if (Date.now() - saidAt < SILENCE_MS) return;
    saidAt = Date.now();
    log.warn(fields, message);
  };

  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => tell(`more than ${MAX_CONNECTIONS} connections: refusing further ones`));
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    // One that ended at once has none.
    if (address === undefined || isProxy(address, 0)) return;
    const key = addressKey(address);
    const count = open.get(key) ?? 0;
    if (count >= MAX_CONNECTIONS_PER_ADDRESS) {
      socket.destroy();
      tell(`more than ${MAX_CONNECTIONS_PER_ADDRESS} connections from one address: refusing further ones`, {
        address,
      });
      return;
    }
    open.set(key, count + 1);
    socket.once('close', () => {
      const left = open.get(key)! - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
  });
}
