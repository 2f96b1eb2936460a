import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../lib/errors.ts';
import { uuidv7 } from '../lib/ids.ts';
import { errorBody } from './errors.ts';

/** How long a client may take to read why it is hung up on, in milliseconds. */
const LINGER_MS = 1000;

/**
 * Answers what is no request to Node: bytes that are not HTTP, headers that are too large, a request that does not come. There
 * is no reply object to answer with. The connection ends, also where the client never ends its side.
 */
export function answerBroken(
  error: Error & { code?: string },
  socket: Socket & { _httpMessage?: ServerResponse | null },
  publicUrl: string,
): void {
  // Where an answer is under way, another one would look like a part of it.
  if (!socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy();
    return;
  }
  const id = uuidv7();
  const refusal = refusalOf(error.code);
  const body = JSON.stringify(errorBody(refusal, id, publicUrl));
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_TEXT[refusal.status]}\r\n` +
      `Content-Type: application/json; charset=utf-8\r\nX-Request-Id: ${id}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

const STATUS_TEXT: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** By the codes of Node's HTTP parser. */
function refusalOf(code: string | undefined): AppError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AppError(
      'request_timeout',
      'The request did not come in time. Send it again, without pauses.',
    );
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new AppError('headers_too_large', 'The headers of the request are larger than 16 KB.');
  }
  return new AppError('bad_request', 'The request is not valid HTTP.');
}
