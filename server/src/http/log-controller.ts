import { type FastifyRequest, LogController } from 'fastify';

/** Node's error codes for a client that disconnected during the answer. */
const WENT_AWAY = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);

/**
 * Fastify's own log lines. Requests have a line of ours instead, and errors of handlers are logged by the error
 * handler. Any other error is a defect of Danube, unless the client disconnected.
 */
export class HttpLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'request_id', disableRequestLogging: true });
  }

  override streamError(error: Error & { code?: string }, request: FastifyRequest): void {
    if (error.code === undefined || !WENT_AWAY.has(error.code))
      request.log.error({ err: error }, 'an answer broke off');
  }

  override serializerError(error: Error, request: FastifyRequest): void {
    request.log.error({ err: error }, 'an answer could not be written');
  }

  override writeHeadError(error: Error, request: FastifyRequest): void {
    request.log.error({ err: error }, 'an answer could not be begun');
  }
}
