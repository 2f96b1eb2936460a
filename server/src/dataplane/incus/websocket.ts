import net from 'node:net';
import WebSocket from 'ws';
import type { IncusConnection } from './client.ts';
import { fromTransport, IncusError } from './errors.ts';

/** Milliseconds until a WebSocket has to be open. */
const PATIENCE = 10_000;

/**
 * Opens a WebSocket to Incus. `prepare` adds listeners, before a message can come. Throws an {@link IncusError} where it
 * is refused.
 */
export type WebSocketOpener = (
  path: string,
  query: Record<string, string>,
  prepare: (socket: WebSocket) => void,
) => Promise<WebSocket>;

/** Opens WebSockets to this Incus, by the way that its client sends requests. */
export function createWebSocketOpener(connection: IncusConnection): WebSocketOpener {
  const origin =
    'socketPath' in connection ? 'ws://incus' : new URL(connection.url).origin.replace(/^http/, 'ws');
  const options = {
    handshakeTimeout: PATIENCE,
    perMessageDeflate: false,
    ...('socketPath' in connection
      ? { createConnection: (() => net.connect(connection.socketPath)) as typeof net.createConnection }
      : tlsOf(connection)),
  };
  return async (path, query, prepare) => {
    const socket = new WebSocket(`${origin}${path}?${new URLSearchParams(query)}`, options);
    prepare(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      // Stays: what goes wrong later ends in `close`.
      socket.on('error', (error) => reject(fromTransport(error)));
      socket.once('unexpected-response', (_request, response) => {
        response.destroy();
        reject(new IncusError(response.statusCode ?? 500, 'Incus refuses the WebSocket'));
      });
    });
    return socket;
  };
}

function tlsOf({ clientCert, clientKey, serverCert }: Extract<IncusConnection, { url: string }>) {
  const tls = { cert: clientCert, key: clientKey };
  // The operator pins the server's certificate itself, so its host name is not checked.
  return serverCert ? { ...tls, ca: serverCert, checkServerIdentity: () => undefined } : tls;
}
