import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Requests that are sent for some time, each of them as soon as the one before it on its connection is answered. */
export interface Load {
  url: string;
  /** Used in turn. */
  tokens: string[];
  connections: number;
  seconds: number;
  /** The tag of an answer that the client has already. */
  known?: string;
  /** Presigned requests, used in turn in place of reads with tokens. */
  signed?: Signed;
}

export interface Signed {
  method: 'GET' | 'PUT';
  /** With their queries. */
  paths: string[];
  /** Of each body that is sent. */
  bytes: number;
  /** The authority of the server's certificate. */
  ca: string;
}

export interface LoadResult {
  /** Requests per second. */
  rps: number;
  /** Milliseconds. */
  p99: number;
  /** By status. */
  answers: Record<string, number>;
  errors: number;
}

/**
 * Sends requests from a process of its own, as a client on another machine would. Throws where an answer is not the one
 * that a reader expects.
 */
export async function sendLoad(load: Load): Promise<LoadResult> {
  const child = fork(new URL('./load-process.ts', import.meta.url), [JSON.stringify(load)]);
  const [result] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
    LoadResult | number,
  ];
  if (typeof result !== 'object' || result === null) throw new Error(`The load ended with ${result}.`);
  const { [load.known === undefined ? '200' : '304']: _expected, ...others } = result.answers;
  if (Object.keys(others).length > 0 || result.errors > 0) {
    throw new Error(`${load.url}: ${JSON.stringify(others)}, ${result.errors} errors`);
  }
  return result;
}
