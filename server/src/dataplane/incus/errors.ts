import { DataPlaneError, type DataPlaneErrorCode } from '../contract/errors.ts';

/** An error of Incus. `status` is its HTTP-like code; 0 where Incus did not answer. */
export class IncusError extends DataPlaneError {
  readonly status: number;
  /** The message of Incus, for code that has to distinguish cases. Never shown to customers. */
  readonly said: string;

  constructor(status: number, said: string, options: { cause?: unknown } = {}) {
    const code = codeOf(status, said);
    super(code, PUBLIC[code], { detail: said, cause: options.cause, retryable: RETRYABLE.has(code) });
    this.name = 'IncusError';
    this.status = status;
    this.said = said;
  }
}

const PUBLIC: Record<DataPlaneErrorCode, string> = {
  unreachable: 'The virtualization service does not answer.',
  timeout: 'The virtualization service took too long.',
  not_found: 'The instance does not exist.',
  stopped: 'The instance does not run.',
  image_unavailable: 'The image is not available.',
  image_build_failed: 'The image could not be built.',
  no_capacity: 'There is not enough room left on this install.',
  read_only: 'The disks of this install take no writes at the moment.',
  invalid: 'The virtualization service refused the settings of this instance.',
  failed: 'The virtualization service failed.',
};

const RETRYABLE: ReadonlySet<DataPlaneErrorCode> = new Set(['unreachable', 'timeout', 'read_only', 'failed']);

/** Btrfs refuses to set a disk's limit, as if the disk were full. */
const REFUSED_LIMIT = /qgroup limit.*quota exceeded/is;

/** Of a Btrfs that has made itself read-only after an error, the files cannot even be opened: EIO. */
const READ_ONLY = /read-only file system|input\/output error/i;

function codeOf(status: number, said: string): DataPlaneErrorCode {
  if (REFUSED_LIMIT.test(said)) return 'failed';
  if (/no space left|quota exceeded|cannot allocate memory/i.test(said)) return 'no_capacity';
  if (READ_ONLY.test(said)) return 'read_only';
  if (status === 0 || status === 502 || status === 503) return 'unreachable';
  if (status === 408 || status === 504) return 'timeout';
  // A missing file in an instance does not mean that the instance is missing, nor does the missing disk of an
  // incomplete one.
  if (status === 404 && !/no such file|storage pool not found/i.test(said)) return 'not_found';
  return 'failed';
}

/** An error below HTTP: connection refused, no socket, connection lost, or no response in time. */
export function fromTransport(error: unknown): IncusError {
  const { code, message } = error as { code?: string; message?: string };
  const slow = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
  return new IncusError(slow ? 408 : 0, `${code ?? 'error'}: ${message ?? String(error)}`, { cause: error });
}

/** The instance, network, … exists. When two requests create it at once, the error comes from the database of Incus. */
export const alreadyExists = (error: unknown): boolean =>
  error instanceof IncusError && /already exists|UNIQUE constraint failed/i.test(error.said);

/** Another operation on the instance is in progress, or was a moment ago; try again shortly. */
export const isBusy = (error: unknown): boolean =>
  error instanceof IncusError &&
  // 412: it changed between our read and our write.
  (error.status === 412 || BUSY.test(error.said));

/**
 * The last pattern: Incus inspects all interfaces of the host, and one has disappeared since it listed them: that of a
 * guest, or the bridge of another network.
 */
const BUSY = /\bbusy\b|matching non-reusable operation|is already being|Device "[\w-]+" does not exist/i;

/** See `disk-size.ts`. */
export const refusesLimit = (error: unknown): error is IncusError =>
  error instanceof IncusError && REFUSED_LIMIT.test(error.said);

/** Rules that Incus or nftables rejects; nothing has changed. */
export const refusesRules = (error: unknown): boolean =>
  error instanceof IncusError &&
  // Syntax errors of nftables only. "Could not process rule" comes from the kernel and may succeed later.
  /(Invalid|Duplicate of) (in|e)gress rule|nft .*Error: (?!Could not process rule)/s.test(error.said);
