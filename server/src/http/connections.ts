import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { compile } from '@fastify/proxy-addr';
import type { Log } from '../lib/log.ts';
import { addressKey } from './rate-limits.ts';

/** Node's own limits, in milliseconds. A late request is answered with 408, and its connection is closed. */
export const CONNECTION_TIMES = {
  /** From the start of a connection, or of another request on it, until all headers have arrived. */
  headersTimeout: 10_000,
  /** Until the body has arrived as well: 1 MB takes this long at 140 kbit/s. */
  requestTimeout: 60_000,
  /** How often the two limits above are checked. */
  connectionsCheckingInterval: 2_000,
  /** Idle time between two requests on a connection: longer than the usual minute of proxies. */
  keepAliveTimeout: 72_000,
} as const;

/** Milliseconds for which a connection may be silent while it has a request: its client takes nothing of the answer. */
export const SILENT_ANSWER = 300_000;

/** Maximum of open connections. */
export const MAX_CONNECTIONS = 5_000;
/** Maximum of open connections from one address; an IPv6 /64 counts as one. */
export const MAX_CONNECTIONS_PER_ADDRESS = 500;

/** Milliseconds for a client to read the last answer before its connection is closed. */
const LINGER_MS = 1000;

/** Minimum time between two log lines about refused connections, in milliseconds. */
const SILENCE_MS = 60_000;

/**
 * Refuses connections beyond the limits, so that clients cannot exhaust the process. Connections from `proxies` belong
 * to many clients, and only count towards the total.
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
    // A connection that ended at once has no address.
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

/** Ends a connection after what has been written to it, or `last`, even if the client keeps its side open. */
export function endConnection(socket: Pick<Duplex, 'end' | 'destroy' | 'once'>, last = ''): void {
  socket.end(last);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}
