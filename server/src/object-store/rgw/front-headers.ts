import type { IncomingMessage } from 'node:http';

/** Headers that are about one connection, RFC 9110 7.6.1, and those by which a client could pretend to be a proxy. */
const HOPS: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'te']);
const CLAIMS: ReadonlySet<string> = new Set(['x-forwarded-for', 'x-forwarded-proto', 'forwarded']);

/** Those of a request, with where it came from. Signatures cover the others, so they stay as they are. */
export function headersFor(incoming: IncomingMessage): string[] {
  const headers = withoutHops(incoming.rawHeaders, CLAIMS);
  headers.push('X-Forwarded-For', incoming.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '');
  headers.push('X-Forwarded-Proto', 'https');
  return headers;
}

/** `raw` (names and values by turns) without those of one connection, and without `others` (in lower case). */
export function withoutHops(raw: readonly string[], others?: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    if (!HOPS.has(name) && !others?.has(name)) kept.push(raw[index]!, raw[index + 1]!);
  }
  return kept;
}
