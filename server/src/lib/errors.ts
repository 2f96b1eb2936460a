/**
 * Every error that API clients can get. `code` is stable and has a page in `docs/errors/`; `message` is public and says
 * what to do; `detail` goes to the log only.
 */
export const ERROR_STATUS = {
  bad_request: 400,
  unauthenticated: 401,
  sign_in_failed: 401,
  missing_scope: 403,
  team_forbidden: 403,
  session_required: 403,
  proof_required: 403,
  origin_mismatch: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  idempotency_conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  validation_failed: 422,
  invalid_state: 422,
  quota_exceeded: 422,
  not_available: 422,
  link_invalid: 422,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
  no_capacity: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** Field name to sentences, as in `{name: ["The name field is required."]}`. */
export type FieldErrors = Record<string, string[]>;

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly errors: FieldErrors | undefined;
  /** Additional members of the JSON body, for example `status` where an instance is in the wrong state. */
  readonly extra: Record<string, unknown>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { errors?: FieldErrors; extra?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.status = ERROR_STATUS[code];
    this.errors = options.errors;
    this.extra = options.extra ?? {};
  }
}

export const notFound = (what: string): AppError =>
  new AppError('not_found', `${what} not found. Check the id, and that the token belongs to the right team.`);

/** A 422 error with one or more sentences per field; its message is the first sentence. */
export function invalid(errors: FieldErrors): AppError {
  const first = Object.values(errors)[0]?.[0] ?? 'The given data was invalid.';
  return new AppError('validation_failed', first, { errors });
}

/** A 422 error for an action that the resource's present state does not allow. */
export const invalidState = (message: string, status: string): AppError =>
  new AppError('invalid_state', message, { extra: { error: 'invalid_state', status } });
