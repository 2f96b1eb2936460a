import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers that the front gives itself, as S3 gives them: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const ERRORS = {
  // Clients try these again after a while.
  starting: [503, 'ServiceUnavailable', 'The object storage is starting. Try again in a few seconds.'],
  busy: [503, 'SlowDown', 'You have too many requests in progress. Send fewer at a time.'],
  full: [
    507,
    'InsufficientStorage',
    'The object storage of this install is full: nothing can be written until there is room. Objects can be read and deleted.',
  ],
  kms: [
    400,
    'InvalidArgument',
    'This object storage has no service for keys of aws:kms. Use AES256 (SSE-S3), or send a key of your own (SSE-C).',
  ],
  body: [400, 'InvalidRequest', 'A copy has no body.'],
  admin: [403, 'AccessDenied', 'Access Denied'],
} as const satisfies Record<string, readonly [status: number, code: string, message: string]>;

export type S3Error = keyof typeof ERRORS;

/** Refuses a request, and ends the connection where its body is not read. */
export function refuse(incoming: IncomingMessage, response: ServerResponse, reason: S3Error): void {
  const [status, code, message] = ERRORS[reason];
  const id = `tx-danube-${randomBytes(8).toString('hex')}`;
  const body =
    `<?xml version="1.0" encoding="UTF-8"?>` +
    `<Error><Code>${code}</Code><Message>${message}</Message><RequestId>${id}</RequestId></Error>`;
  const headers: Record<string, string> = {
    'content-type': 'application/xml',
    'content-length': String(Buffer.byteLength(body)),
    'x-amz-request-id': id,
  };
  if (!incoming.complete) headers.connection = 'close';
  if (status === 503) headers['retry-after'] = '5';
  response.writeHead(status, headers);
  response.end(incoming.method === 'HEAD' ? undefined : body);
  // Read away what the client still sends, so that it gets to the answer.
  incoming.resume();
}
