import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../lib/errors.ts';
import { uuidv7 } from '../lib/ids.ts';
import { endConnection } from './connections.ts';
import { errorBody } from './errors.ts';

/**
 * Answers what Node does not accept as a request: bytes that are not HTTP, headers that are too large, an incomplete
 * request. There is no reply object for it. Closes the connection even if the client keeps its side open.
 */
export function answerBroken(
  error: Error & { code?: string },
  socket: Socket & { _httpMessage?: ServerResponse | null },
  publicUrl: string,
): void {
  // During another answer, this one would look like a part of it.
  if (!socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy();
    return;
  }
  const id = uuidv7();
  const refusal = refusalOf(error.code);
  const body = `${JSON.stringify(errorBody(refusal, id, publicUrl))}\n`;
  endConnection(
    socket,
    `HTTP/1.1 ${refusal.status} ${STATUS_TEXT[refusal.status]}\r\n` +
      `Content-Type: application/json; charset=utf-8\r\nX-Request-Id: ${id}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

const STATUS_TEXT: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** The error for a code of Node's HTTP parser. */
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
