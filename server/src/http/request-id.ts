import type { IncomingMessage } from 'node:http';
import { uuidv7 } from '../lib/ids.ts';

const SANE = /^[A-Za-z0-9._:-]{1,64}$/;

/** The client's `X-Request-Id` if it has at most 64 characters and is well-formed, else a new id. */
export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : uuidv7();
}
