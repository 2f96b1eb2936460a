import { request } from 'node:http';

/** What Incus wraps every answer in. */
export interface IncusAnswer<T> {
  type: 'sync' | 'async' | 'error';
  metadata: T;
  error?: string;
  error_code?: number;
}

/** Incus answered with an error; `status` is its HTTP-like code. */
export class IncusApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'IncusApiError';
    this.status = status;
  }
}

/**
 * One request to the Incus on this host, for set-up, doctor and destroy: they also work where no engine can be made.
 * Background operations are waited for. Throws {@link IncusApiError}, or the socket's error when nobody answers.
 */
export async function incusRequest<T>(
  socketPath: string,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await send<T>(socketPath, method, path, body);
  if (answer.type !== 'async') return answer.metadata;
  const { id } = answer.metadata as { id: string };
  return waitForOperation<T>(socketPath, id);
}

interface Operation {
  status_code: number;
  err: string;
}

/** `wait` may answer while the operation still runs: codes from 200 are the final ones. */
async function waitForOperation<T>(socketPath: string, id: string): Promise<T> {
  for (;;) {
    const { metadata } = await send<Operation & T>(
      socketPath,
      'GET',
      `/1.0/operations/${id}/wait?timeout=60`,
    );
    if (metadata.status_code >= 400) throw new IncusApiError(metadata.status_code, metadata.err);
    if (metadata.status_code >= 200) return metadata;
  }
}

function send<T>(socketPath: string, method: string, path: string, body?: unknown): Promise<IncusAnswer<T>> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, method, path, headers: { 'content-type': 'application/json' }, timeout: 120_000 },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.once('error', reject);
        incoming.once('end', () => {
          try {
            const answer = JSON.parse(text) as IncusAnswer<T>;
            if (answer.type === 'error') {
              reject(
                new IncusApiError(answer.error_code ?? incoming.statusCode ?? 500, answer.error ?? text),
              );
            } else resolve(answer);
          } catch (cause) {
            reject(new Error(`Incus answered ${method} ${path} with something other than JSON.`, { cause }));
          }
        });
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error(`Incus did not answer ${method} ${path}.`)));
    outgoing.once('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** True when the thing is not there (any more). */
export const isNotFound = (error: unknown): boolean => error instanceof IncusApiError && error.status === 404;
