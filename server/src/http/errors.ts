import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { DataPlaneError, type DataPlaneErrorCode } from '../dataplane/contract/errors.ts';
import { isConflict } from '../db/database.ts';
import { AppError, invalid } from '../lib/errors.ts';
import { databaseOutage, logFailure, type Outage } from '../lib/failure.ts';
import { JSON_ONLY } from './json-body.ts';
import { fieldErrors } from './validation.ts';

/** The body of every error response. */
export interface ErrorBody {
  message: string;
  code: string;
  request_id: string;
  docs: string;
  [extra: string]: unknown;
}

/** Builds the body of an error response. `publicUrl` has no trailing slash. */
export function errorBody(error: AppError, requestId: string, publicUrl: string): ErrorBody {
  return {
    message: error.message,
    code: error.code,
    ...(error.errors ? { errors: error.errors } : {}),
    ...error.extra,
    request_id: requestId,
    docs: `${publicUrl}/docs/errors/${error.code}`,
  };
}

/** Seconds after which a client may try again when a part of the install does not answer or takes no writes. */
const RETRY_AFTER = 5;

/** Creates the error handler. Errors that are not the client's fault are logged. */
export function createErrorHandler(publicUrl: string) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const error = brokeOff(thrown, request) ? cutShort() : toAppError(thrown);
    if (error.status >= 500) logFailure(request.log, thrown, 'request failed');
    const challenge = challengeOf(error, request);
    if (challenge) reply.header('www-authenticate', challenge);
    const retryAfter = error.extra.retry_after ?? (error.code === 'unavailable' ? RETRY_AFTER : null);
    if (retryAfter !== null) reply.header('retry-after', retryAfter);
    reply
      .code(error.status)
      .type('application/json; charset=utf-8')
      .serializer(JSON.stringify)
      .send(errorBody(error, request.id, publicUrl));
  };
}

/** Whether the connection ended before the request was complete, which is up to the client or the network. */
const brokeOff = (thrown: unknown, { raw }: FastifyRequest): boolean =>
  thrown !== null && thrown === raw.errored;

/** For the access log only: there is no one left to answer. */
const cutShort = (): AppError => new AppError('bad_request', 'The request ended before it was complete.');

/** The `WWW-Authenticate` header of a response to an unauthenticated request (RFC 6750, section 3). */
function challengeOf({ code, extra }: AppError, { headers }: FastifyRequest): string | null {
  const realm = 'Bearer realm="danube"';
  if (code === 'missing_scope')
    return `${realm}, error="insufficient_scope", scope="${extra.required_scope}"`;
  if (code !== 'unauthenticated') return null;
  return headers.authorization === undefined ? realm : `${realm}, error="invalid_token"`;
}

/** Maps anything thrown to the error that the client sees. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof DataPlaneError) return fromDataPlane(thrown);
  const error = thrown as Partial<FastifyError> | null | undefined;
  // A path is right or leads nowhere.
  if (error?.validationContext === 'params')
    return new AppError('not_found', 'There is nothing at this path.');
  if (error?.validation) return invalid(fieldErrors(error.validation as Parameters<typeof fieldErrors>[0]));
  const known = typeof error?.code === 'string' ? fromCode(error.code) : null;
  if (known) return known;
  if (isConflict(thrown)) {
    return new AppError('unavailable', 'Other requests are changing the same things. Send this one again.', {
      cause: thrown,
      extra: { reason: 'busy' },
    });
  }
  const outage = databaseOutage(thrown);
  if (outage) {
    return new AppError('unavailable', OUTAGES[outage], {
      cause: thrown,
      extra: { reason: REASONS[outage] },
    });
  }
  if (error?.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new AppError('bad_request', 'The request is malformed.', { cause: thrown });
  }
  return new AppError(
    'internal',
    'Something went wrong on our side. Try again, and quote the request id if it persists.',
    { cause: thrown },
  );
}

const OUTAGES: Record<Outage, string> = {
  away: 'The database cannot be reached at the moment. Try again shortly.',
  full: 'The database has no room at the moment: nothing can be stored. It works again by itself once there is. Try again later.',
  read_only: 'The database takes no writes at the moment: nothing can be stored. Try again later.',
};

const REASONS: Record<Outage, string> = {
  away: 'database_unreachable',
  full: 'database_full',
  read_only: 'database_read_only',
};

const DATA_PLANE_REASONS: Partial<Record<DataPlaneErrorCode, string>> = {
  unreachable: 'engine_unreachable',
  timeout: 'engine_unreachable',
  read_only: 'storage_read_only',
};

function fromDataPlane(error: DataPlaneError): AppError {
  if (error.code === 'image_unavailable') {
    return new AppError('not_available', error.publicMessage, { cause: error });
  }
  if (error.code === 'no_capacity') {
    return new AppError('no_capacity', error.publicMessage, { cause: error });
  }
  const reason = DATA_PLANE_REASONS[error.code];
  if (reason) return new AppError('unavailable', error.publicMessage, { cause: error, extra: { reason } });
  return new AppError('internal', 'Something went wrong on our side. Try again, and quote the request id.', {
    cause: error,
  });
}

/** Maps Fastify's codes for invalid requests. */
function fromCode(code: string): AppError | null {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new AppError('payload_too_large', 'The request body is larger than 1 MB.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new AppError('unsupported_media_type', JSON_ONLY);
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new AppError('bad_request', 'The request body is not valid JSON.');
    case 'FST_ERR_BAD_URL':
      return new AppError('bad_request', 'The path of the request is not a valid URL.');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new AppError('not_found', 'There is nothing at this path.');
    default:
      return null;
  }
}
