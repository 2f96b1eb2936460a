import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import type { HttpServer } from './api.ts';
import { endConnection } from './connections.ts';

/** Largest message that a client may send, in bytes. */
export const MESSAGE_LIMIT = 65_536;

/** What Node hands over with a request that asks for another protocol. */
const connections = new WeakMap<IncomingMessage, { socket: Duplex; head: Buffer }>();

const handshakes = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MESSAGE_LIMIT,
});

/**
 * Whether a request asks for a WebSocket. What else it may ask for, such as HTTP/2, a server may pass over: then Node
 * takes it for a usual request (RFC 9110, section 7.8).
 */
export const asksForWebSocket = ({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';

/** Takes requests for WebSockets the way of all others, through the gate to their route, which calls {@link openWebSocket}. */
export function routeUpgrades(app: HttpServer): void {
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Without a listener, a client that hangs up would end the process.
    socket.on('error', () => socket.destroy());
    connections.set(request, { socket, head });
    const response = new ServerResponse(request);
    // The answer of a route that opens none is the last on this connection, which Node has stopped to watch and to read.
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
    response.once('finish', () => endConnection(socket));
    app.routing(request, response);
  });
}

/** Whether {@link openWebSocket} can be called for this request. */
export const isUpgrade = ({ raw }: Pick<FastifyRequest, 'raw'>): boolean => connections.has(raw);

/** Answers the request by opening the WebSocket. Resolves to null where the client has asked wrongly, or is gone. */
export function openWebSocket(request: FastifyRequest, reply: FastifyReply): Promise<WebSocket | null> {
  const { socket, head } = connections.get(request.raw)!;
  connections.delete(request.raw);
  reply.hijack();
  reply.raw.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0]);
  return new Promise((resolve) => {
    const gone = () => resolve(null);
    socket.once('close', gone);
    if (socket.destroyed) gone();
    else
      handshakes.handleUpgrade(request.raw, socket, head, (opened) => {
        socket.off('close', gone);
        resolve(opened);
      });
  });
}
