import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';

/** Members that tell when somebody looked, or on whose request, and nothing of what there was to see. */
const INCIDENTAL = /"(?:request_id|observed_at)":"[^"]*"/g;

/** Tags are as long as 128 random bits. */
const TAG_LENGTH = 22;

/** A weak tag: it is the same for all encodings of `body`. */
export const weakTag = (body: string | Buffer): string =>
  `W/"${hash('sha256', body, 'base64url').slice(0, TAG_LENGTH)}"`;

/** Whether the client has what the tag belongs to already (RFC 9110, section 13.1.2). */
export function isKnown({ headers }: FastifyRequest, tag: string): boolean {
  const header = headers['if-none-match']?.trim();
  if (header === undefined) return false;
  const opaque = (text: string): string => text.trim().replace(/^W\//, '');
  return header === '*' || header.split(',').some((known) => opaque(known) === opaque(tag));
}

/** Whether a route shows one thing: its path ends with the id. */
export const showsOne = ({ method, url }: Pick<RouteOptions, 'method' | 'url'>): boolean =>
  [method].flat().some((name) => name === 'GET' || name === 'HEAD') && /\/:[^/]+$/.test(url);

/**
 * Tags an answer that shows one thing, and takes its body away where the client has it already: then only the headers
 * are sent, with 304. Clients may keep such answers, and ask each time whether they are still right.
 */
export function tagAnswer(request: FastifyRequest, reply: FastifyReply, body: string): string | null {
  const tag = weakTag(body.replace(INCIDENTAL, ''));
  reply.headers({
    etag: tag,
    'cache-control': 'private, no-cache',
    // It is of the one who asks, and of the team that is asked about.
    vary: 'Authorization, Cookie, X-Team-Id',
  });
  if (!isKnown(request, tag)) return body;
  reply.code(304).removeHeader('content-type');
  // Fastify counts the body of an answer to HEAD, and sends none.
  return request.method === 'HEAD' ? body : null;
}
