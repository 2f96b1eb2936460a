export type DataPlaneErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'not_found'
  /** Waiting is pointless, because the instance is not running. */
  | 'stopped'
  | 'image_unavailable'
  | 'image_build_failed'
  | 'no_capacity'
  /** The disks take no writes until they are mended. */
  | 'read_only'
  | 'invalid'
  | 'failed';

/** What may succeed a little later. */
const RETRYABLE: ReadonlySet<DataPlaneErrorCode> = new Set(['unreachable', 'timeout', 'read_only']);

/** The error that verbs throw. `publicMessage` may be shown to customers; `message` and `cause` are for the log. */
export class DataPlaneError extends Error {
  readonly code: DataPlaneErrorCode;
  readonly retryable: boolean;
  readonly publicMessage: string;

  constructor(
    code: DataPlaneErrorCode,
    publicMessage: string,
    options: { retryable?: boolean; detail?: string; cause?: unknown } = {},
  ) {
    super(options.detail ? `${publicMessage} (${options.detail})` : publicMessage, { cause: options.cause });
    this.name = 'DataPlaneError';
    this.code = code;
    this.publicMessage = publicMessage;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
  }
}
