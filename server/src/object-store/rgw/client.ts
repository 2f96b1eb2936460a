import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AwsClient } from 'aws4fetch';
import { request } from 'undici';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { AppError } from '../../lib/errors.ts';
import { type Content, isPathSafe } from '../objects.ts';
import { parseXml, textOf, type XmlNode } from './xml.ts';

/** Where a gateway is, and who the platform is there. */
export interface Gateway {
  /** For example `http://10.64.0.10:7480`, without a slash at its end. */
  url: string;
  region: string;
  /** First part of the paths of the admin API. */
  adminEntry: string;
  accessKey: string;
  secretKey: string;
}

export interface S3Keys {
  accessKey: string;
  secretKey: string;
}

/** A refusal of the gateway. `code` is that of S3, such as `NoSuchBucket`. */
export class GatewayError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, what: string) {
    super(`${what}: ${status} ${code}`);
    this.name = 'GatewayError';
    this.status = status;
    this.code = code;
  }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Sent {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD';
  path: string;
  query?: Query;
  body?: string;
  headers?: Record<string, string>;
}

/** An answer whose body is read as it comes. */
export interface Streamed {
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Readable;
}

/** Milliseconds without a byte of a body. */
const SILENCE = 60_000;
/** Milliseconds until an answer has to begin. The gateway waits for its store where that is busy. */
const TIMEOUT = 60_000;
/** The gateway takes encrypted objects only where a proxy says that they came by TLS, as they have as far as the server. */
const SECURE = { 'x-forwarded-proto': 'https' };
/** Codes of what passes: the gateway starts, or its store is busy. */
const PASSING: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** Requests to a Ceph RADOS Gateway: S3 for anybody, and the APIs for administrators as the platform's user. */
export class GatewayClient {
  readonly #gateway: Gateway;
  readonly #signers = new Map<string, AwsClient>();

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /**
   * The admin API, https://docs.ceph.com/en/reef/radosgw/adminops/. Answers with JSON, or null where it has nothing to say.
   * Throws {@link GatewayError}, and `unreachable`.
   */
  async admin<T>(method: Sent['method'], path: string, query: Query): Promise<T> {
    const { adminEntry } = this.#gateway;
    const sent = { method, path: `/${adminEntry}/${path}`, query: { ...query, format: 'json' } };
    const text = await this.#send(this.#gateway, 's3', sent);
    return (text.trim() === '' ? null : JSON.parse(text)) as T;
  }

  /** The same, or null where what is asked for does not exist. */
  async findAdmin<T>(path: string, query: Query): Promise<T | null> {
    return orNull(this.admin<T>('GET', path, query));
  }

  /** The API for policies of users, https://docs.ceph.com/en/reef/radosgw/rest/. Returns the answer's XML. */
  async iam(action: string, parameters: Record<string, string>): Promise<XmlNode> {
    const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return parseXml(await this.#send(this.#gateway, 'iam', { method: 'POST', path: '/', body, headers }));
  }

  /**
   * S3 with these keys of a bucket's owner, and as the platform's user where they are denied: a customer's policy can shut
   * out its own bucket's owner. Returns the body.
   */
  async s3(keys: S3Keys, sent: Sent): Promise<string> {
    const { body, method, query } = sent;
    const digest = body === undefined ? {} : { 'content-md5': md5(body) };
    const signed = { ...sent, headers: { ...digest, ...sent.headers } };
    try {
      return await this.#send(keys, 's3', signed);
    } catch (error) {
      // Whoever makes a bucket owns it.
      const makesBucket = method === 'PUT' && query === undefined;
      if (!(error instanceof GatewayError) || error.code !== 'AccessDenied' || makesBucket) throw error;
      return this.#send(this.#gateway, 's3', signed);
    }
  }

  /** S3 with these keys and no others: what the bucket's policy denies them is denied. Returns the body. */
  ask(keys: S3Keys, sent: Sent): Promise<string> {
    const digest = sent.body === undefined ? {} : { 'content-md5': md5(sent.body) };
    return this.#send(keys, 's3', { ...sent, headers: { ...SECURE, ...digest, ...sent.headers } });
  }

  /** The same with a body that is passed on as it comes, and an answer that is. Throws the body's error where that is an {@link AppError}. */
  async stream(keys: S3Keys, sent: Omit<Sent, 'body'>, content: Content | null): Promise<Streamed> {
    const { method, path } = sent;
    const headers = { ...SECURE, ...sent.headers };
    const what = `${method} ${path}`;
    const signed = await this.#signer(keys, 's3').sign(this.#urlOf(sent), { method, headers });
    const length = content ? { 'content-length': String(content.sizeBytes) } : {};
    try {
      const answer = await request(signed.url, {
        method,
        headers: { ...Object.fromEntries(signed.headers), ...length },
        body: content?.body ?? null,
        headersTimeout: TIMEOUT,
        bodyTimeout: SILENCE,
      });
      if (answer.statusCode < 300) return { headers: answer.headers, body: answer.body };
      throw refusalOf(answer.statusCode, await answer.body.text(), '', what);
    } catch (cause) {
      if (cause instanceof GatewayError || cause instanceof DataPlaneError) throw cause;
      // Whoever sends the body has broken off. Other errors of the body follow from the gateway's.
      if (content?.body.errored instanceof AppError) throw content.body.errored;
      throw new DataPlaneError('unreachable', UNREACHABLE, { detail: what, cause });
    }
  }

  /** Refuses a path that URLs make another of: what a customer calls an object must never lead to another bucket. */
  #urlOf({ path, query = {} }: Pick<Sent, 'path' | 'query'>): string {
    if (!isPathSafe(path))
      throw new DataPlaneError('invalid', 'An object with such a name cannot be asked for.');
    const parameters = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [`${encode(name)}=${encode(String(value))}`],
    );
    return `${this.#gateway.url}${path}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
  }

  async #send(keys: S3Keys, service: 's3' | 'iam', sent: Sent): Promise<string> {
    const { method, path, body, headers = {} } = sent;
    const what = `${method} ${path}`;
    const url = this.#urlOf(sent);
    const request = {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(TIMEOUT),
    };
    let response: Response;
    let text: string;
    try {
      response = await this.#signer(keys, service).fetch(url, request);
      text = await response.text();
    } catch (cause) {
      throw new DataPlaneError('unreachable', UNREACHABLE, { detail: what, cause });
    }
    if (response.ok) return text;
    throw refusalOf(response.status, text, response.statusText, what);
  }

  #signer({ accessKey, secretKey }: S3Keys, service: string): AwsClient {
    const name = `${service} ${accessKey} ${secretKey}`;
    const known = this.#signers.get(name);
    if (known) return known;
    const { region } = this.#gateway;
    const signer = new AwsClient({
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      service,
      region,
      retries: 0,
    });
    if (this.#signers.size >= 1000) this.#signers.clear();
    this.#signers.set(name, signer);
    return signer;
  }
}

const UNREACHABLE = 'The object storage does not answer at this moment.';

/** What an answer with an error means. `words`: those of its status. */
function refusalOf(status: number, text: string, words: string, what: string): Error {
  if (PASSING.has(status)) {
    return new DataPlaneError('unreachable', UNREACHABLE, { detail: `${what}: ${status}` });
  }
  return new GatewayError(status, codeOf(text) ?? words, what);
}

const md5 = (text: string): string => createHash('md5').update(text).digest('base64');

/** As signatures need it, RFC 3986: `encodeURIComponent` leaves some characters that S3 encodes. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Errors of S3 are XML, those of the admin API JSON. */
function codeOf(text: string): string | undefined {
  try {
    if (text.startsWith('{')) return (JSON.parse(text) as { Code?: string }).Code;
    const root = parseXml(text);
    return textOf(root, 'Code') ?? root.children.map((child) => textOf(child, 'Code')).find(Boolean);
  } catch {
    // Whatever is in the way, such as a proxy, has no code; the status says enough.
    return undefined;
  }
}

/** Null where the gateway says that what is asked for does not exist. */
export async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof GatewayError && error.status === 404) return null;
    throw error;
  }
}

/** An error of a verb that is no defect, as the contract names it. */
export const failed = (message: string, error: GatewayError): DataPlaneError =>
  new DataPlaneError('failed', message, { detail: error.message, cause: error });
