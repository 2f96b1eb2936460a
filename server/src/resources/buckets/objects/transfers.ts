import { PassThrough, type Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../../lib/errors.ts';
import { MAX_BYTES } from './schema.ts';

/** How many objects are read and written at once, in this process, and for one team. */
const AT_ONCE = 64;
const PER_TEAM = 8;

/** Bounds the streams of objects: each has a connection to the store, and lasts as long as its client likes. */
export class Transfers {
  readonly #open = new Map<number, number>();
  #all = 0;

  /** Returns what ends it. Throws `rate_limited`. */
  begin(teamId: number): () => void {
    const ofTeam = this.#open.get(teamId) ?? 0;
    if (ofTeam >= PER_TEAM || this.#all >= AT_ONCE) {
      throw new AppError(
        'rate_limited',
        'Too many objects are being read and written at once. Send fewer at a time.',
        {
          extra: { retry_after: 1 },
        },
      );
    }
    this.#open.set(teamId, ofTeam + 1);
    this.#all += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#all -= 1;
      const left = this.#open.get(teamId)! - 1;
      if (left === 0) this.#open.delete(teamId);
      else this.#open.set(teamId, left);
    };
  }
}

/** How many bytes a request has. Throws `payload_too_large`, and `bad_request` where it does not say. */
export function lengthOf({ headers }: Pick<FastifyRequest, 'headers'>): number {
  const length = headers['content-length'];
  if (length === undefined && headers['transfer-encoding'] !== undefined)
    throw new AppError('bad_request', 'Send the length of the body, in the header Content-Length.');
  const sizeBytes = Number(length ?? 0);
  if (sizeBytes > MAX_BYTES) {
    throw new AppError(
      'payload_too_large',
      `One request takes ${MAX_BYTES / 1024 ** 2} MiB. Begin an upload, and send more than that in parts.`,
    );
  }
  return sizeBytes;
}

/** What a client sends. Destroy it: then the rest is read away, so that the client gets to the answer. */
export function readFrom(raw: Readable): Readable {
  const body = new PassThrough();
  const cut = () => {
    if (!raw.readableEnded)
      body.destroy(new AppError('bad_request', 'The request ended before it was complete.'));
  };
  raw.once('error', cut);
  raw.once('close', cut);
  // Nobody may be reading any more when the client goes.
  body.once('error', () => {});
  body.once('close', () => raw.resume());
  raw.pipe(body);
  return body;
}

/** `Content-Disposition` that makes a browser save the object under the last part of its key (RFC 6266). */
export function attachmentOf(key: string): string {
  const name = key.split('/').filter(Boolean).at(-1) ?? 'object';
  const plain = name.replace(/[^\w.-]/g, '_');
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
