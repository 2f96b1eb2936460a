import type { FastifyRequest } from 'fastify';
import { AppError } from '../lib/errors.ts';

/**
 * Headers that must not be repeated. Node takes the first value or joins them, while a proxy in front of it may take
 * the last.
 */
const SINGLE = new Set(['host', 'authorization', 'content-type', 'idempotency-key']);

/** Rejects a request that repeats one of these headers (RFC 9112, section 3.2, for `Host`). Throws `bad_request`. */
export function checkHeaders({ raw: { rawHeaders } }: FastifyRequest): void {
  const seen = new Set<string>();
  // Names and values alternate.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) throw new AppError('bad_request', `The request has the header ${name} twice.`);
    seen.add(name);
  }
}
