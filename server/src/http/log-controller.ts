import { type FastifyRequest, LogController } from 'fastify';

/** Node's codes for a client that went away while it was answered. */
const WENT_AWAY = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);

/**
 * What Fastify logs by itself. Requests have a line of ours instead, and what a handler throws is logged by the error
 * handler; what goes wrong behind both is a fault of ours, unless it was the client that went away.
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
