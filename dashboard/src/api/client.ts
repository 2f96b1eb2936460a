import type { paths } from '@danube/client/schema';
import createFetchClient from 'openapi-fetch';
import { currentTeam } from './team.ts';

const KEY = 'idempotency-key';

/** Calls the API with the cookie of the session, for the team that is chosen in this browser. */
export const api = createFetchClient<paths>({ baseUrl: '/api/v1', credentials: 'same-origin' });

api.use({
  onRequest({ request }) {
    const team = currentTeam();
    if (team !== null) request.headers.set('x-team-id', String(team));
    // By it the server recognises a request that a broken connection made the browser send twice.
    const isWrite = request.method !== 'GET';
    if (isWrite && !request.headers.has(KEY)) request.headers.set(KEY, newKey());
    return request;
  },
});

/** The refusal of a request, with the server's own words. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  /** Sentences by field of the request, for example `password` or `rules.0.port`. */
  readonly fields: Readonly<Record<string, readonly string[]>>;

  constructor(status: number, body: Partial<ErrorBody> | undefined, requestId: string | null) {
    super(body?.message ?? `The server answered with status ${status}.`);
    this.status = status;
    this.code = body?.code ?? 'unknown';
    this.requestId = body?.request_id ?? requestId;
    this.fields = body?.errors ?? {};
  }
}

interface ErrorBody {
  message: string;
  code: string;
  request_id: string;
  errors: Record<string, string[]>;
}

/** What happens when the session has ended; the console sets it. */
let onSignedOut: () => void = () => undefined;
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer of a call. Throws an {@link ApiError} where the server refuses; a broken connection throws a `TypeError`. */
export async function answerOf<T>(call: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  if (response.status === 401) onSignedOut();
  throw new ApiError(response.status, error as Partial<ErrorBody>, response.headers.get('x-request-id'));
}

/** A key for one write; a form that is sent again uses the same. */
export function newKey(): string {
  // Not `randomUUID`, which browsers only have over https.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
