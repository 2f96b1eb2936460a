import { Agent, type Dispatcher } from 'undici';
import { passFence } from '../../lib/fence.ts';
import { type Answer, orNull, parseAnswer } from './answers.ts';
import { fromTransport, IncusError } from './errors.ts';
import { createWebSocketOpener, type WebSocketOpener } from './websocket.ts';

/** An Incus on this host or elsewhere. Certificates and keys are PEM text. */
export type IncusConnection =
  | { socketPath: string }
  | { url: string; clientCert: string; clientKey: string; serverCert: string | null };

export interface RequestOptions {
  query?: Record<string, string>;
  /** Stops waiting; a background operation that was started continues in Incus. */
  signal?: AbortSignal | undefined;
  /** Seconds to wait for a background operation to finish; 300 by default. */
  timeoutSeconds?: number;
  /** The ETag from {@link IncusClient.getTagged}: fails with status 412 if the resource has changed since. */
  ifMatch?: string;
}

export interface Upload {
  body: Dispatcher.RequestOptions['body'];
  headers: Record<string, string>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A background operation of Incus. `metadata` is its result, for example the exit status of an exec. */
interface Operation {
  id: string;
  status: string;
  status_code: number;
  err: string;
  metadata: unknown;
}

/** Seconds that one `wait` request stays open: shorter than the idle time-outs of proxies on the way. */
const WAIT_SLICE = 30;
/** Milliseconds until a response has to begin; a `wait` request gets this on top of its slice. */
const ANSWER_TIMEOUT = 30_000;

/**
 * The Incus REST API (https://linuxcontainers.org/incus/docs/main/rest-api/). Callers declare the types of answers. All
 * failures become {@link IncusError}, and background operations are waited for.
 */
export class IncusClient {
  readonly #agent: Agent;
  readonly #origin: string;
  /** Incus runs on this host, so its files are accessible. */
  readonly isLocal: boolean;
  readonly openWebSocket: WebSocketOpener;

  constructor(connection: IncusConnection) {
    this.isLocal = 'socketPath' in connection;
    this.openWebSocket = createWebSocketOpener(connection);
    if ('socketPath' in connection) {
      this.#origin = 'http://incus';
      this.#agent = new Agent({ connect: { socketPath: connection.socketPath }, connections: 64 });
    } else {
      const { url, clientCert, clientKey, serverCert } = connection;
      this.#origin = new URL(url).origin;
      const tls = { cert: clientCert, key: clientKey };
      // The operator pins the server's certificate itself, so its host name is not checked.
      const pinned = { ca: serverCert ?? '', checkServerIdentity: () => undefined };
      this.#agent = new Agent({ connect: serverCert ? { ...tls, ...pinned } : tls, connections: 64 });
    }
  }

  /** The resource. Throws an {@link IncusError} of status 404 where it does not exist. */
  get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.request<T>('GET', path, undefined, options);
  }

  /** The resource, or null where it does not exist. */
  async find<T>(path: string, options: RequestOptions = {}): Promise<T | null> {
    return orNull(this.get<T>(path, options));
  }

  /** The resource, with its ETag for `ifMatch`. */
  async getTagged<T>(path: string, options: RequestOptions = {}): Promise<{ value: T; etag: string }> {
    const { metadata, etag } = await this.#send('GET', path, undefined, options);
    return { value: metadata as T, etag };
  }

  /** Deletes the resource; false where it did not exist. */
  async remove(path: string, options: RequestOptions = {}): Promise<boolean> {
    const done = this.request('DELETE', path, undefined, options).then(() => true);
    return (await orNull(done)) ?? false;
  }

  /**
   * Sends a request and returns the metadata of the answer, or the result of the background operation that it started.
   */
  async request<T>(method: Method, path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
    const payload =
      body === undefined
        ? undefined
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return this.#finish<T>(await this.#send(method, path, payload, options), options);
  }

  /** Sends a body other than JSON, for example an image. */
  async upload<T>(path: string, upload: Upload, options: RequestOptions = {}): Promise<T> {
    return this.#finish<T>(await this.#send('POST', path, upload, options), options);
  }

  /** Starts an operation without waiting for it; returns its path, for {@link wait}. */
  async start(method: Method, path: string, body: unknown, options: RequestOptions = {}): Promise<string> {
    const payload = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const answer = await this.#send(method, path, payload, options);
    if (!answer.operation) throw new IncusError(500, `${method} ${path} started no operation`);
    return answer.operation;
  }

  /**
   * Waits for a started operation. `wait` may return while it is still running: only status codes from 200 are final.
   */
  async wait<T>(operation: string, options: RequestOptions = {}): Promise<T> {
    const deadline = Date.now() + (options.timeoutSeconds ?? 300) * 1000;
    const [path = '', query] = operation.split('?');
    const given = Object.fromEntries(new URLSearchParams(query));
    for (;;) {
      const left = Math.ceil((deadline - Date.now()) / 1000);
      if (left <= 0) throw new IncusError(408, `the operation ${path} did not end in time`);
      const slice = Math.min(WAIT_SLICE, left);
      const query = { ...given, timeout: String(slice) };
      const state = await this.#waitOnce(path, { ...options, query, timeoutSeconds: slice });
      if (state.status_code >= 400) throw new IncusError(state.status_code, state.err || state.status);
      if (state.status_code >= 200) return state.metadata as T;
      // Incus may answer `wait` early; without this pause the loop would spin.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The operation's state after one slice of waiting. */
  async #waitOnce(path: string, options: RequestOptions): Promise<Operation> {
    try {
      return (await this.#send('GET', `${path}/wait`, undefined, options)).metadata as Operation;
    } catch (error) {
      // Incus 6.0 gives the same error when the slice is over while the operation is running, and when the operation
      // ended at its own time limit.
      if (!(error instanceof IncusError) || !/context deadline exceeded/i.test(error.said)) throw error;
      const { timeout: _, ...query } = options.query ?? {};
      const present = await this.find<Operation>(path, { ...options, query });
      if (!present) throw error;
      return present;
    }
  }

  /**
   * Runs a command in an instance and returns its exit status; the output is discarded. `instancePath` is
   * `/1.0/instances/NAME`.
   */
  async exec(instancePath: string, command: readonly string[], options: RequestOptions): Promise<number> {
    const body = { command, 'record-output': false, interactive: false, 'wait-for-websocket': false };
    const outcome = await this.request<{ return: number }>('POST', `${instancePath}/exec`, body, options);
    return outcome.return;
  }

  /**
   * Runs a command like {@link exec}, and returns the first `limit` bytes of each output stream. Incus stores the
   * output in files, which are deleted here; if this process is killed first, Incus deletes them within days.
   */
  async execRecorded(
    instancePath: string,
    command: readonly string[],
    limit: number,
    options: RequestOptions,
  ): Promise<{ status: number; stdout: string; stderr: string }> {
    const body = { command, 'record-output': true, interactive: false, 'wait-for-websocket': false };
    const outcome = await this.request<{ return: number; output: Record<'1' | '2', string> }>(
      'POST',
      `${instancePath}/exec`,
      body,
      options,
    );
    const read = async (file: string): Promise<string> => {
      const { query = {} } = options;
      try {
        return await this.#download(file, limit, { query });
      } finally {
        await this.remove(file, { query });
      }
    };
    const [stdout, stderr] = await Promise.all([read(outcome.output['1']), read(outcome.output['2'])]);
    return { status: outcome.return, stdout, stderr };
  }

  /**
   * Starts a command that waits for its connections, without waiting for its end. Returns the path of its operation, and
   * the secret of each connection: that of the terminal is `0`, that for messages to Incus `control`.
   */
  async startExec(
    instancePath: string,
    body: object,
    options: RequestOptions,
  ): Promise<{ operation: string; secrets: Partial<Record<string, string>> }> {
    const path = `${instancePath}/exec`;
    const payload = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const answer = await this.#send('POST', path, payload, options);
    const { metadata } = answer.metadata as { metadata: { fds?: Record<string, string> } | null };
    if (!answer.operation || !metadata?.fds) throw new IncusError(500, `POST ${path} started nothing`);
    return { operation: answer.operation.split('?', 1)[0]!, secrets: metadata.fds };
  }

  /** The first `limit` bytes of what a path has, which is not JSON. */
  readText(path: string, limit: number, options: RequestOptions): Promise<string> {
    return this.#download(path, limit, options);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #finish<T>(answer: Answer, options: RequestOptions): Promise<T> {
    if (answer.type !== 'async' || !answer.operation) return answer.metadata as T;
    const { query: _asked, ...waiting } = options;
    return this.wait<T>(answer.operation, waiting);
  }

  /** The first `limit` bytes of a file, as text. */
  async #download(path: string, limit: number, options: RequestOptions): Promise<string> {
    const response = await this.#request('GET', path, undefined, options);
    if (response.statusCode >= 400) {
      parseAnswer(response, await response.body.text(), `GET ${path}`);
    }
    const parts: Buffer[] = [];
    let length = 0;
    try {
      for await (const part of response.body as AsyncIterable<Buffer>) {
        parts.push(part);
        length += part.length;
        // Leaving the loop closes the connection.
        if (length >= limit) break;
      }
    } catch (error) {
      throw fromTransport(error);
    }
    return Buffer.concat(parts).subarray(0, limit).toString('utf8');
  }

  async #send(
    method: Method,
    path: string,
    payload: Upload | undefined,
    options: RequestOptions,
  ): Promise<Answer> {
    const response = await this.#request(method, path, payload, options);
    let text: string;
    try {
      text = await response.body.text();
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      throw fromTransport(error);
    }
    return parseAnswer(response, text, `${method} ${path}`);
  }

  /** Resolves when the response begins. Throws `FencedOff` where this process may change nothing any more. */
  async #request(
    method: Method,
    path: string,
    payload: Upload | undefined,
    options: RequestOptions,
  ): Promise<Dispatcher.ResponseData> {
    if (method !== 'GET') await passFence();
    const timeout = ANSWER_TIMEOUT + (path.endsWith('/wait') ? (options.timeoutSeconds ?? 0) * 1000 : 0);
    const headers = { ...payload?.headers, ...(options.ifMatch ? { 'if-match': options.ifMatch } : {}) };
    try {
      return await this.#agent.request({
        origin: this.#origin,
        method,
        path,
        headers,
        ...(options.query ? { query: options.query } : {}),
        ...(payload ? { body: payload.body ?? null } : {}),
        ...(options.signal ? { signal: options.signal } : {}),
        // Incus responds to an upload only when it has processed all of it.
        headersTimeout: payload && typeof payload.body !== 'string' ? 600_000 : timeout,
        bodyTimeout: timeout,
      });
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      throw fromTransport(error);
    }
  }
}
