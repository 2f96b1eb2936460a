import type { FastifyRequest } from 'fastify';
import { AppError } from '../lib/errors.ts';

/**
 * Headers that say one thing. Of two, Node takes the first, or makes one of both; who stands before us may take the second.
 */
const SINGLE = new Set(['host', 'authorization', 'content-type', 'idempotency-key']);

/** Refuses a request that has one of these headers twice (RFC 9112, section 3.2, for `Host`). Throws `bad_request`. */
export function checkHeaders({ raw: { rawHeaders } }: FastifyRequest): void {
  const seen = new Set<string>();
  // Names and values take turns.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) throw new AppError('bad_request', `The request has the header ${name} twice.`);
    seen.add(name);
  }
}
