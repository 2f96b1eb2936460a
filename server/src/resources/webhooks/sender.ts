import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { Agent, errors, request } from 'undici';
import type { Lookup } from '../../lib/lookup.ts';
import { assertAllowed, ForbiddenTarget, hostOf, type TargetPolicy } from './targets.ts';

/** Milliseconds for a whole attempt: name, connection, request and answer. */
export const ATTEMPT_MS = 10_000;
/** Bytes of an answer that are kept. */
export const KEPT_BYTES = 4_096;

/** How an attempt ended: with an answer, or with a sentence why there is none. */
export type Outcome =
  | { status: number; body: string; error: null }
  | { status: null; body: null; error: string };

/** Sends messages to one endpoint, over connections of its own, so that it can hold up no other. */
export interface Sender {
  post(url: string, headers: Record<string, string>, body: string): Promise<Outcome>;
  close(): Promise<void>;
}

/**
 * Creates a sender. It connects only to addresses that `policy` allows, which are checked after the name was resolved, for each
 * connection. Redirects are not followed.
 */
export function createSender(lookup: Lookup, policy: TargetPolicy, connections: number): Sender {
  const agent = new Agent({
    connections,
    pipelining: 1,
    keepAliveTimeout: 10_000,
    connect: { timeout: ATTEMPT_MS, lookup: checkedLookup(lookup, policy) },
  });
  return {
    post: (url, headers, body) => post(agent, policy, url, headers, body),
    close: () => agent.destroy(),
  };
}

async function post(
  dispatcher: Agent,
  policy: TargetPolicy,
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<Outcome> {
  const signal = AbortSignal.timeout(ATTEMPT_MS);
  try {
    // Node connects to an address without a lookup.
    const host = hostOf(new URL(url));
    if (isIP(host)) assertAllowed(host, policy);
    if (policy === 'public' && !url.startsWith('https:')) throw new ForbiddenTarget('The URL is not https.');
    const answer = await request(url, { method: 'POST', headers, body, dispatcher, signal });
    return { status: answer.statusCode, body: await readStart(answer.body), error: null };
  } catch (error) {
    return { status: null, body: null, error: sentenceOf(error, signal) };
  }
}

/** The first bytes of an answer as text that PostgreSQL can store. */
async function readStart(stream: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop closes the connection.
    if (size >= KEPT_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, KEPT_BYTES).toString('utf8').replaceAll('\0', '\uFFFD');
}

/** A lookup for `net.connect` that fails where any of a name's addresses is forbidden. */
function checkedLookup(lookup: Lookup, policy: TargetPolicy): LookupFunction {
  return (name, options, callback) => {
    lookup(name, (error, addresses) => {
      if (error) return callback(error, '', 4);
      try {
        for (const { address } of addresses) assertAllowed(address, policy);
      } catch (forbidden) {
        return callback(forbidden as Error, '', 4);
      }
      const [first] = addresses;
      if (!first) return callback(new ForbiddenTarget('The name of the URL has no address.'), '', 4);
      if (options.all) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'The name of the URL cannot be resolved.',
  EAI_AGAIN: 'The name of the URL cannot be resolved at the moment.',
  ECONNREFUSED: 'The connection was refused.',
  ECONNRESET: 'The connection broke off.',
  UND_ERR_SOCKET: 'The connection broke off.',
  EHOSTUNREACH: 'The address cannot be reached.',
  ENETUNREACH: 'The address cannot be reached.',
  EPIPE: 'The connection broke off.',
  UND_ERR_DESTROYED: 'Danube was stopped meanwhile.',
  CERT_HAS_EXPIRED: 'The certificate has expired.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'The certificate is signed by itself, and not by a known authority.',
  SELF_SIGNED_CERT_IN_CHAIN: 'The certificate is not signed by a known authority.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The certificate is not signed by a known authority.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'The certificate is not signed by a known authority.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another name.',
};

/** What customers read of an error: no address, and nothing of the network here. */
function sentenceOf(thrown: unknown, { aborted }: AbortSignal): string {
  if (thrown instanceof ForbiddenTarget) return thrown.message;
  if (aborted || thrown instanceof errors.ConnectTimeoutError) {
    return `No whole answer came within ${ATTEMPT_MS / 1000} seconds.`;
  }
  const { code, errors: several } = thrown as { code?: string; errors?: { code?: string }[] };
  const known = REASONS[code ?? ''] ?? REASONS[several?.[0]?.code ?? ''];
  return known ?? `There was no answer that could be read${code ? ` (${code})` : ''}.`;
}
