import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { logFailure } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import type { BucketKeys } from './bucket-keys.ts';

/** Bytes of a request. The gateway sends a name and a context. */
const LIMIT = 64 * 1024;
/** What Vault puts before what it has encrypted. */
const PREFIX = 'vault:v1:';

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The part of the transit secrets engine of Vault that the gateway uses for SSE-S3 (docs/object-storage.md), so that a
 * Vault or OpenBao can take its place: `POST /v1/transit/keys/NAME` makes a key, `datakey/plaintext/NAME` a random data
 * key, also sealed with that key, and `decrypt/NAME` opens one. https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
export function createKeyService(keys: BucketKeys, token: string, log: Log): Server {
  const expected = digest(token);
  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (error instanceof Refusal) return send(response, error.status, { errors: [error.message] });
      logFailure(log, error, 'a key of the object store could not be given');
      send(response, 500, { errors: ['internal error'] });
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The gateway sends the header twice.
    const [given = ''] = request.headersDistinct['x-vault-token'] ?? [];
    if (!timingSafeEqual(digest(given), expected)) throw new Refusal(403, 'permission denied');
    const [, verb, name] = /^\/v1\/transit\/(keys|datakey\/plaintext|decrypt)\/([\w.:-]{1,200})$/.exec(
      request.url ?? '',
    ) ?? [undefined, undefined, ''];
    if (verb === undefined || (request.method !== 'POST' && request.method !== 'PUT')) {
      throw new Refusal(404, 'not found');
    }
    const body = await readBody(request);
    if (verb === 'keys') {
      await keys.ensure(name);
      return send(response, 204);
    }
    const key = await keys.find(name);
    if (!key) throw new Refusal(400, 'encryption key not found');
    const data = verb === 'decrypt' ? { plaintext: open(key, body) } : makeDataKey(key, body);
    send(response, 200, { data });
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function send(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

type Body = Partial<Record<string, unknown>>;

async function readBody(request: IncomingMessage): Promise<Body> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > LIMIT) throw new Refusal(413, 'the request is too large');
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8') || '{}') as Body;
  } catch {
    throw new Refusal(400, 'the request is no JSON');
  }
}

/** The context names the object, so that a sealed key opens nothing but its own object. */
const contextOf = ({ context }: Body): Buffer =>
  Buffer.from(typeof context === 'string' ? context : '', 'base64');

/** Each context has a key of its own, as with `derived` keys of Vault. */
const derive = (key: Buffer, context: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), context.subarray(0, 1024), 32));

function makeDataKey(key: Buffer, body: Body): { plaintext: string; ciphertext: string } {
  const context = contextOf(body);
  const plain = randomBytes(32);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', derive(key, context), nonce).setAAD(context);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  const bytes = Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  return { plaintext: plain.toString('base64'), ciphertext: `${PREFIX}${bytes.toString('base64')}` };
}

function open(key: Buffer, body: Body): string {
  const { ciphertext } = body;
  if (typeof ciphertext !== 'string' || !ciphertext.startsWith(PREFIX)) {
    throw new Refusal(400, 'invalid ciphertext');
  }
  const context = contextOf(body);
  const bytes = Buffer.from(ciphertext.slice(PREFIX.length), 'base64');
  if (bytes.length <= 28) throw new Refusal(400, 'invalid ciphertext');
  const decipher = createDecipheriv('aes-256-gcm', derive(key, context), bytes.subarray(0, 12));
  decipher.setAAD(context).setAuthTag(bytes.subarray(12, 28));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('base64');
  } catch {
    throw new Refusal(400, 'cipher: message authentication failed');
  }
}
