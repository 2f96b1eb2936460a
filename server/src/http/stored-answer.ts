import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isKnown, weakTag } from './conditional.ts';

/** Compressed in a tenth of a second; better ratios take seconds. */
const BROTLI_QUALITY = 5;

const ENCODERS = {
  br: (body: Buffer) =>
    promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  gzip: (body: Buffer) => promisify(gzip)(body),
} as const;

type Encoding = keyof typeof ENCODERS;

/** In seconds. */
const YEAR = 31_536_000;

interface Options {
  /** For how many seconds it is used without asking whether it has changed. */
  cache?: number;
  /** It never changes: another version has another path. */
  immutable?: boolean;
  /** Where it was compressed before, better than there is time for here. */
  encoded?: Partial<Record<Encoding, Buffer | undefined>>;
}

/** An answer that is the same for everybody, such as a page or a script. It is compressed when first asked for. */
export class StoredAnswer {
  readonly #type: string;
  readonly #body: Buffer;
  readonly #etag: string;
  readonly #cache: string;
  readonly #encoded = new Map<Encoding, Promise<Buffer>>();

  constructor(
    type: string,
    body: string | Buffer,
    { cache = 0, immutable = false, encoded = {} }: Options = {},
  ) {
    this.#type = type;
    this.#body = Buffer.from(body);
    this.#etag = weakTag(this.#body);
    this.#cache = immutable
      ? `public, max-age=${YEAR}, immutable`
      : cache > 0
        ? `public, max-age=${cache}`
        : 'no-cache';
    for (const encoding of ['br', 'gzip'] as const) {
      const known = encoded[encoding];
      if (known) this.#encoded.set(encoding, Promise.resolve(known));
    }
  }

  /** Sets the headers, and returns the body for the handler to return. */
  async send(request: FastifyRequest, reply: FastifyReply): Promise<Buffer | undefined> {
    reply
      .type(this.#type)
      .header('cache-control', this.#cache)
      .header('etag', this.#etag)
      .header('vary', 'accept-encoding');
    if (isKnown(request, this.#etag)) {
      reply.code(304);
      return undefined;
    }
    const encoding = acceptedBy(request.headers['accept-encoding']);
    if (!encoding) return this.#body;
    reply.header('content-encoding', encoding);
    const known = this.#encoded.get(encoding);
    if (known) return known;
    const encoded = ENCODERS[encoding](this.#body);
    this.#encoded.set(encoding, encoded);
    return encoded;
  }
}

/** The best encoding that `Accept-Encoding` names and does not exclude. */
function acceptedBy(header: string | string[] | undefined): Encoding | null {
  const accepted = new Set(
    String(header ?? '')
      .split(',')
      .map((part) => part.split(';').map((word) => word.trim().toLowerCase()))
      .filter(([, quality]) => !quality || !/^q=0(\.0*)?$/.test(quality))
      .map(([name]) => name),
  );
  return accepted.has('br') ? 'br' : accepted.has('gzip') ? 'gzip' : null;
}
