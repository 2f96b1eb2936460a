import { ApiError, newKey } from './client.ts';
import { currentTeam } from './team.ts';

interface Options {
  /** Bytes that were sent so far. */
  onProgress: (sent: number) => void;
  signal: AbortSignal;
}

/**
 * Sends bytes to the API, and tells how far it is, which `fetch` cannot. `path` is below `/api/v1`. Throws an {@link ApiError}
 * where the server refuses, a `TypeError` for a broken connection, and the signal's reason.
 */
export function putBytes<T>(path: string, bytes: Blob, { onProgress, signal }: Options): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', `/api/v1${path}`);
    request.responseType = 'json';
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('idempotency-key', newKey());
    const team = currentTeam();
    if (team !== null) request.setRequestHeader('x-team-id', String(team));
    const abort = () => request.abort();
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () => {
      const { status, response } = request;
      if (status >= 200 && status < 300) resolve(response as T);
      else reject(new ApiError(status, response ?? undefined, request.getResponseHeader('x-request-id')));
    };
    request.onerror = () => reject(new TypeError('The connection was lost.'));
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    if (signal.aborted) reject(signal.reason);
    else request.send(bytes);
  });
}
