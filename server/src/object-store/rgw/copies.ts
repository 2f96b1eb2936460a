import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
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

/** The room of one copy that is passed on. */
export interface CopyRoom {
  /** The gateway has found that the client may make it, and begins. */
  begin(): void;
  /** The gateway has answered, or its connection has ended. `isRefused`: nothing was copied. */
  end(isRefused: boolean): void;
}

/**
 * Room for copies within the store. Their bytes do not come by here, and the gateway makes gigabytes of them before the disk
 * is asked how full it is. A copy has room from when the gateway has accepted its signature until it has answered, also
 * where its client has gone meanwhile. Only one at a time waits to be accepted, so that nobody takes room by requests
 * that are refused, and no two get the same room.
 */
export class Copies {
  readonly #options: CopyOptions;
  #held = 0;
  /** Resolves when all copies before have been accepted or refused. */
  #turns: Promise<void> = Promise.resolve();

  constructor(options: CopyOptions) {
    this.#options = options;
  }

  /** Waits for its turn. Why the copy cannot be made at this moment, or its room, which must be ended. */
  async admit(incoming: IncomingMessage): Promise<S3Error | CopyRoom> {
    if (hasBody(incoming)) return 'body';
    const bytes = await this.#bytesOf(incoming);
    const turn = Promise.withResolvers<void>();
    const before = this.#turns;
    this.#turns = before.then(() => turn.promise);
    await before;
    const { hasRoomFor } = this.#options;
    const reason = !hasRoomFor(bytes) ? 'full' : !hasRoomFor(bytes + this.#held) ? 'busy' : null;
    if (reason === null) return this.#room(bytes, turn.resolve);
    turn.resolve();
    return reason;
  }

  #room(bytes: number, endTurn: () => void): CopyRoom {
    let state: 'waiting' | 'begun' | 'ended' = 'waiting';
    return {
      begin: () => {
        if (state !== 'waiting') return;
        state = 'begun';
        this.#held += bytes;
        endTurn();
      },
      end: (isRefused) => {
        if (state === 'begun') {
          this.#held -= bytes;
          if (!isRefused) this.#options.letIn(bytes);
        }
        state = 'ended';
        endTurn();
      },
    };
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

/** A request that the gateway tells of when it has accepted it, as it is told of large uploads. */
export function expecting(headers: string[]): string[] {
  const others = headers.filter((_, index) => headers[index - (index % 2)]!.toLowerCase() !== 'expect');
  return [...others, 'Expect', '100-continue'];
}

/**
 * The gateway makes a copy to its end, whoever still waits for it, so its answer is awaited. It says that it goes on once it has
 * checked the signature and the rights.
 */
export function followCopy(copy: CopyRoom, outgoing: ClientRequest, response: ServerResponse): void {
  outgoing.once('continue', () => copy.begin());
  outgoing.once('response', (answer) => {
    if (answer.statusCode! >= 300) copy.end(true);
    else copy.begin();
    answer.once('close', () => copy.end(false));
    const readAway = (): void => void answer.resume();
    if (response.closed) readAway();
    else response.once('close', readAway);
  });
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

/** A copy has none, and one whose body never comes would be there for as long as its client likes. */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  Number(headers['content-length'] ?? 0) !== 0 || headers['transfer-encoding'] !== undefined;

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
 * How large the object is, for {@link CopyOptions.sizeOf}. 0 where the gateway does not find it and so will not copy it. The most
 * where it does not tell, as without the key of an object that its customer has encrypted. Throws `unreachable`.
 */
export async function sizeOfSource(
  client: Pick<GatewayClient, 'stream'>,
  keys: S3Keys,
  { bucket, key, versionId }: CopySource,
): Promise<number> {
  const query = versionId === null ? {} : { versionId };
  try {
    const sent = { method: 'HEAD', path: objectPath(bucket, key), query } as const;
    const { headers, body } = await client.stream(keys, sent, null);
    body.resume();
    return Number(headers['content-length'] ?? LARGEST_PART);
  } catch (error) {
    if (error instanceof GatewayError) return error.status === 404 ? 0 : LARGEST_PART;
    if (error instanceof DataPlaneError && error.code === 'invalid') return LARGEST_PART;
    throw error;
  }
}
