import { readFile } from 'node:fs/promises';
import { MetricsUnavailable } from '../contract.ts';

/** Where the store listens, and the login that it wants. */
export interface Connection {
  /** Without a slash at its end. */
  url: string;
  /** Null: it wants none. */
  login: { username: string; password: string } | null;
}

/** Seconds after which a request is given up. */
const PATIENCE_SECONDS = 20;
/** Characters of a refusal that are logged. */
const COMPLAINT = 500;

/** Speaks HTTP with VictoriaMetrics. `connect` is asked again after a failure: the store may have moved. */
export class VictoriaClient {
  readonly #connect: () => Promise<Connection>;
  #connection: Connection | null = null;

  constructor(connect: () => Promise<Connection>) {
    this.#connect = connect;
  }

  /** Sends a form, and returns the `data` of the answer. Throws {@link MetricsUnavailable}. */
  async ask<T>(path: string, form: readonly [string, string][]): Promise<T> {
    const text = await this.send(path, new URLSearchParams(form));
    return (JSON.parse(text) as { data: T }).data;
  }

  /** Sends a body, and returns the answer's. Throws {@link MetricsUnavailable}. */
  async send(path: string, body: string | URLSearchParams): Promise<string> {
    try {
      this.#connection ??= await this.#connect();
      const { url, login } = this.#connection;
      const answer = await fetch(`${url}${path}`, {
        method: 'POST',
        body,
        headers: login ? { authorization: `Basic ${btoa(`${login.username}:${login.password}`)}` } : {},
        redirect: 'error',
        signal: AbortSignal.timeout(PATIENCE_SECONDS * 1000),
      });
      const text = await answer.text();
      if (answer.ok) return text;
      throw new Error(`${path} was answered with ${answer.status}: ${text.trim().slice(0, COMPLAINT)}`);
    } catch (cause) {
      this.#connection = null;
      throw new MetricsUnavailable('The store of metrics does not answer.', { cause });
    }
  }
}

/** Where the VictoriaMetrics of this host listens; its component writes the file. */
export async function readConnection(file: string): Promise<Connection> {
  const { port, password } = JSON.parse(await readFile(file, 'utf8')) as LocalStore;
  return { url: `http://127.0.0.1:${port}`, login: { username: LOCAL_USER, password } };
}

/** What is remembered of the VictoriaMetrics of this host. */
export interface LocalStore {
  port: number;
  password: string;
}

export const LOCAL_USER = 'danube';

/** `METRICS_URL`, whose login is taken out of it. */
export function connectionOf(text: string): Connection {
  const url = new URL(text);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  return {
    url: url.href.replace(/\/+$/, ''),
    login: username
      ? { username: decodeURIComponent(username), password: decodeURIComponent(password) }
      : null,
  };
}
