import { Agent, type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { KeyedCertificate } from '../../lib/pki.ts';
import {
  Copies,
  type CopyRoom,
  type CopySource,
  decodeFully,
  expecting,
  followCopy,
  isCopy,
} from './copies.ts';
import { wantsKms, watchForKms } from './customer-keys.ts';
import { headersFor, withoutHops } from './front-headers.ts';
import { refuse, type S3Error } from './s3-errors.ts';
import { Shares } from './shares.ts';

export interface Upstream {
  host: string;
  port: number;
  /** First part of the paths of the admin API, which nobody reaches from here. */
  adminEntry: string;
  /** Domain of virtual-hosted buckets; null: none. */
  domain: string | null;
}

export interface FrontOptions {
  certificate: KeyedCertificate;
  /** The gateway; null while there is none. */
  upstream(): Upstream | null;
  /** Whether the store has room for so many bytes more. */
  hasRoomFor(bytes: number): boolean;
  /** Told of bytes that were passed on to be stored. What a client only announces takes no room. */
  letIn(bytes: number): void;
  /** Bytes of an object that is copied within the store. */
  sizeOf(source: CopySource): Promise<number>;
  /** Requests that are passed on at a time, see {@link Shares}. */
  requests?: number;
}

export interface Front {
  server: Server;
  /** For new connections; those that are open keep the old one. */
  renew(certificate: KeyedCertificate): void;
  /** Ends when the requests in progress have, or `graceMs` have passed. */
  close(graceMs: number): Promise<void>;
}

/** Milliseconds that an unused connection of a client stays open, and one to the gateway, which closes its own after 65 s. */
const CLIENT_IDLE = 75_000;
const UPSTREAM_IDLE = 30_000;
/** Milliseconds for the head of a request. Its body may take as long as it takes: uploads are large. */
const HEAD_TIMEOUT = 60_000;
/** Milliseconds without a byte in either direction. */
const SILENCE = 300_000;
/** Milliseconds for a copy within the store: the gateway may say nothing until it has copied 5 GiB. */
const COPYING = 3_600_000;
/** Milliseconds between two looks for unused connections while the front is being closed. */
const CLOSE_IDLE_EVERY = 50;
/** Connections of clients, and requests that are passed on at a time, of all clients. */
const CONNECTIONS = 2_000;
const REQUESTS = 256;

/**
 * The customers' way to the object store: ends TLS, and passes on everything else as it came. Signatures cover host, path
 * and headers, so they reach the gateway unchanged. The gateway itself could not take over a renewed certificate.
 */
export function createFront(options: FrontOptions): Front {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64, timeout: UPSTREAM_IDLE });
  const requests = new Shares(options.requests ?? REQUESTS);
  const copies = new Copies(options);
  const pass = (incoming: IncomingMessage, response: ServerResponse): void => {
    // A slow upload has a connection to the gateway for as long as it takes.
    const release = requests.take(incoming.socket.remoteAddress ?? '');
    if (!release) {
      refuse(incoming, response, 'busy');
      return;
    }
    if (isCopy(incoming)) void admit(options, copies, agent, incoming, response).finally(release);
    else {
      response.once('close', release);
      handle(options, agent, incoming, response);
    }
  };
  const server = createServer(
    {
      cert: options.certificate.certificate,
      key: options.certificate.key,
      requestTimeout: 0,
      headersTimeout: HEAD_TIMEOUT,
      keepAliveTimeout: CLIENT_IDLE,
      noDelay: true,
    },
    pass,
  );
  // The gateway decides whether it wants the body: a client that is refused then need not send it.
  server.on('checkContinue', pass);
  // Any other expectation the gateway ignores, as S3 does.
  server.on('checkExpectation', pass);
  shareConnections(server);
  return {
    server,
    renew: ({ certificate, key }) => server.setSecureContext({ cert: certificate, key }),
    async close(graceMs) {
      const patience = setTimeout(() => server.closeAllConnections(), graceMs);
      // Connections whose last request has ended stay open until somebody closes them.
      const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      clearInterval(idle);
      clearTimeout(patience);
      agent.destroy();
    },
  };
}

function shareConnections(server: Server): void {
  const connections = new Shares(CONNECTIONS);
  server.on('connection', (socket: Socket) => {
    // One that ended at once has no address.
    if (socket.remoteAddress === undefined) return;
    const release = connections.take(socket.remoteAddress);
    if (release) socket.once('close', release);
    else socket.destroy();
  });
}

/** Passes on a copy once it is known that it has room. Resolves when it has ended. */
async function admit(
  options: FrontOptions,
  copies: Copies,
  agent: Agent,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answered = new Promise<void>((resolve) => response.once('close', resolve));
  const room =
    refusalOf(incoming, options.upstream(), options.hasRoomFor) ??
    (await copies.admit(incoming).catch((): S3Error => 'starting'));
  if (typeof room === 'string') {
    if (response.closed) return;
    refuse(incoming, response, room);
  } else {
    // Whoever has gone while it waited has asked for nothing.
    const outgoing = response.closed ? null : handle(options, agent, incoming, response, room);
    if (outgoing) await new Promise<void>((resolve) => outgoing.once('close', resolve));
    room.end(false);
  }
  await answered;
}

function handle(
  options: FrontOptions,
  agent: Agent,
  incoming: IncomingMessage,
  response: ServerResponse,
  copy: CopyRoom | null = null,
): ClientRequest | null {
  const gateway = options.upstream();
  const reason = refusalOf(incoming, gateway, options.hasRoomFor);
  if (reason !== null || gateway === null) {
    refuse(incoming, response, reason ?? 'starting');
    return null;
  }
  const outgoing = request({
    agent: goesOn(incoming) ? false : agent,
    host: gateway.host,
    port: gateway.port,
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    headers: copy ? expecting(headersFor(incoming)) : headersFor(incoming),
    timeout: copy ? COPYING : SILENCE,
  });
  const wantsContinue = incoming.headers.expect?.toLowerCase() === '100-continue';
  if (wantsContinue) {
    outgoing.once('continue', () => {
      response.writeContinue();
      passOn(options, incoming, outgoing, response);
    });
    outgoing.flushHeaders();
  } else passOn(options, incoming, outgoing, response);
  let answer: IncomingMessage | null = null;
  outgoing.once('response', (given) => {
    answer = given;
    giveBack(given, incoming, response);
  });
  outgoing.once('timeout', () => outgoing.destroy(new Error('the gateway is silent')));
  outgoing.on('error', () => {
    // What follows a whole answer is no part of it.
    if (!answer?.complete && !response.writableEnded) fail(incoming, response);
  });
  if (copy) followCopy(copy, outgoing, response);
  else abandonWith(incoming, response, outgoing);
  return outgoing;
}

/** Sends the body, and stops where the store becomes full meanwhile, or where the body asks for what there is not. */
function passOn(
  { hasRoomFor, letIn }: FrontOptions,
  incoming: IncomingMessage,
  outgoing: ClientRequest,
  response: ServerResponse,
): void {
  // Before the pipe, which would pass on the part that is too much.
  if (storesMore(incoming)) {
    const asksForKms = watchForKms(incoming);
    incoming.on('data', (part: Buffer) => {
      if (response.headersSent) return;
      letIn(part.length);
      const reason = asksForKms?.(part) ? 'kms' : hasRoomFor(0) ? null : 'full';
      if (reason === null) return;
      incoming.unpipe(outgoing);
      outgoing.destroy();
      refuse(incoming, response, reason);
    });
  }
  incoming.pipe(outgoing);
}

/** Why the request does not reach the gateway; null: it does. */
function refusalOf(
  incoming: IncomingMessage,
  gateway: Upstream | null,
  hasRoomFor: FrontOptions['hasRoomFor'],
): S3Error | null {
  if (!gateway) return 'starting';
  // The gateway might take another one for the host than the first, which is looked at here.
  const hosts = incoming.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1 || isAdmin(incoming, gateway)) return 'admin';
  if (!storesMore(incoming)) return null;
  if (wantsKms(incoming)) return 'kms';
  return hasRoomFor(Number(incoming.headers['content-length'] ?? 0)) ? null : 'full';
}

/**
 * Whether the gateway sends more than the length that it gives: Ceph 18 writes the empty settings behind its error where a
 * bucket has no public access block. On a connection that is used again, that would break the answer to somebody else.
 */
const goesOn = ({ method, url = '' }: IncomingMessage): boolean =>
  method === 'GET' && /[?&]publicAccessBlock(?:[=&]|$)/i.test(decodeFully(url));

/** The gateway's answer as it is. A body that the gateway did not want is not read, so the connection ends after it. */
function giveBack(answer: IncomingMessage, incoming: IncomingMessage, response: ServerResponse): void {
  const headers = withoutHops(answer.rawHeaders);
  if (!incoming.complete && incoming.headers.expect) headers.push('Connection', 'close');
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
  answer.pipe(response);
  answer.once('error', () => response.destroy());
}

/** The gateway ended or refused the connection: it is being restarted. */
function fail(incoming: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else refuse(incoming, response, 'starting');
}

/** A client that goes away leaves nothing behind at the gateway. */
function abandonWith(incoming: IncomingMessage, response: ServerResponse, outgoing: ClientRequest): void {
  incoming.once('error', () => outgoing.destroy());
  response.once('close', () => {
    if (!response.writableFinished) outgoing.destroy();
  });
}

/**
 * Whether the gateway could take it for a request to the admin API, however it is spelled: the gateway decodes paths, and
 * puts what a host name has before the domain before them.
 */
export function isAdmin(
  { url = '/', headers }: Pick<IncomingMessage, 'url' | 'headers'>,
  { adminEntry, domain }: Pick<Upstream, 'adminEntry' | 'domain'>,
): boolean {
  const path = decodeFully(url.split('?')[0]!.replace(/^https?:\/\/[^/]*/i, ''));
  const [first = ''] = path.split('/').filter((part) => part !== '' && part !== '.');
  const host = (headers.host ?? '').toLowerCase().replace(/:\d*$/, '');
  const label = domain !== null && host.endsWith(`.${domain}`) ? host.slice(0, -domain.length - 1) : '';
  // With a domain, the gateway takes any other host for the name of a bucket as a whole.
  return [first.toLowerCase(), label, host].some((name) => name === 'admin' || name === adminEntry);
}

/**
 * Whether the request makes the store fuller. Deleting many objects is a POST as well, but the gateway takes a form for an upload,
 * whatever the query of its object says.
 */
function storesMore({ method, url = '', headers }: IncomingMessage): boolean {
  if (method === 'PUT') return true;
  const isForm = /^\s*multipart\/form-data/i.test(headers['content-type'] ?? '');
  return method === 'POST' && (isForm || !/[?&]delete(?:[=&]|$)/.test(url));
}
