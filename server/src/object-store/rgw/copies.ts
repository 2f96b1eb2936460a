import type { IncomingMessage, ServerResponse } from 'node:http';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { type GatewayClient, GatewayError, type S3Keys } from './client.ts';
import { objectPath } from './emptying.ts';
import type { S3Error } from './s3-errors.ts';

/** The object that is copied. */
export interface CopySource {
  bucket: string;
  key: string;
  versionId: string | null;
}

export interface CopyOptions {
  /** Whether the store has room for so many bytes more. */
  hasRoomFor(bytes: number): boolean;
  /** Told of bytes that were copied. */
  letIn(bytes: number): void;
  /** Bytes of an object. */
  sizeOf(source: CopySource): Promise<number>;
}

/** Bytes of one copied part at most, and of what is copied of an object that shares the rest with its copy. */
const LARGEST_PART = 5 * 1024 ** 3;
const NOT_SHARED = 4 * 1024 ** 2;
/** Milliseconds for which a copy has its room whose client is gone: the gateway may go on. */
const ABANDONED = 60_000;

/**
 * Room for copies within the store. Their bytes do not come by here, and the gateway makes gigabytes of them before the disk
 * is asked how full it is. A copy in progress takes room from other copies only, because nobody knows yet whether it is allowed.
 */
export class Copies {
  readonly #options: CopyOptions;
  #held = 0;

  constructor(options: CopyOptions) {
    this.#options = options;
  }

  /** Why this copy cannot be made at this moment; null: it has its room until the request ends. */
  async admit(incoming: IncomingMessage, response: ServerResponse): Promise<S3Error | null> {
    const { hasRoomFor, letIn } = this.#options;
    const bytes = await this.#bytesOf(incoming);
    // Its client has gone meanwhile: it is not passed on, and no "close" will give the room back.
    if (response.closed) return null;
    if (!hasRoomFor(bytes)) return 'full';
    if (!hasRoomFor(bytes + this.#held)) return 'busy';
    this.#held += bytes;
    const release = (): void => {
      this.#held -= bytes;
    };
    response.once('close', () => {
      if (!response.headersSent) return void setTimeout(release, ABANDONED).unref();
      release();
      if (response.statusCode < 300) letIn(bytes);
    });
    return null;
  }

  async #bytesOf({ url = '', headers }: IncomingMessage): Promise<number> {
    const range = headers['x-amz-copy-source-range'];
    // The gateway shares nothing where there is either, and decodes the names of a query.
    if (range === undefined && !/[?&]uploadId(?:[=&]|$)/.test(decodeFully(url))) return NOT_SHARED;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(range ?? '')) ?? [];
    if (from !== undefined) return Math.min(Math.max(Number(to) - Number(from) + 1, 0), LARGEST_PART);
    const source = readSource(String(headers[COPY_SOURCE]));
    return source ? Math.min(await this.#options.sizeOf(source), LARGEST_PART) : LARGEST_PART;
  }
}

/** A path or query, also where it was encoded more than once. */
export function decodeFully(path: string): string {
  let text = path;
  for (let round = 0; round < 3; round += 1) {
    const decoded = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (decoded === text) break;
    text = decoded;
  }
  return text;
}

const COPY_SOURCE = 'x-amz-copy-source';

/** Whether a request copies within the store. */
export const isCopy = ({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean =>
  method === 'PUT' && headers[COPY_SOURCE] !== undefined;

/** Null: it is in no way in which the gateway reads it. */
export function readSource(text: string): CopySource | null {
  const [path = '', query = ''] = text.split('?');
  const [, versionId] = /^versionId=([^&]+)/.exec(query) ?? [];
  try {
    // The gateway takes what is before a colon for the name of a tenant.
    const [, bucket, key] = /^\/?:?([\w.-]+)\/(.+)$/s.exec(decodeURIComponent(path)) ?? [];
    return bucket && key
      ? { bucket, key, versionId: versionId ? decodeURIComponent(versionId) : null }
      : null;
  } catch {
    return null;
  }
}

/**
 * How large the object is, for {@link CopyOptions.sizeOf}. 0 where the gateway does not find it and so will not copy it, the most
 * where its name cannot be asked for. Throws `unreachable`.
 */
export async function sizeOfSource(
  client: GatewayClient,
  keys: S3Keys,
  { bucket, key, versionId }: CopySource,
): Promise<number> {
  const query = versionId === null ? {} : { versionId };
  try {
    const sent = { method: 'HEAD', path: objectPath(bucket, key), query } as const;
    const { headers, body } = await client.stream(keys, sent, null);
    body.resume();
    return Number(headers['content-length'] ?? 0);
  } catch (error) {
    if (error instanceof GatewayError) return 0;
    if (error instanceof DataPlaneError && error.code === 'invalid') return LARGEST_PART;
    throw error;
  }
}
