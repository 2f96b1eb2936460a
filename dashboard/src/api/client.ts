import type { paths } from '@danube/client/schema';
import type { Client } from 'openapi-fetch';
import { currentTeam } from './team.ts';

const KEY = 'idempotency-key';

type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

interface Sent {
  params?: {
    path?: Record<string, unknown>;
    query?: Record<string, unknown>;
    header?: Record<string, unknown>;
  };
  body?: unknown;
}

/**
 * Calls the API with the cookie of the session, for the team that is chosen in this browser. It has the types of `openapi-fetch`;
 * of what that can do at run time the dashboard needs so little that every page would load it for nothing.
 */
export const api = Object.fromEntries(
  (['GET', 'PUT', 'POST', 'PATCH', 'DELETE'] as const).map((method) => [
    method,
    (path: string, sent: Sent = {}) => send(method, path, sent),
  ]),
) as unknown as Pick<Client<paths>, Method>;

async function send(method: Method, path: string, { params = {}, body }: Sent): Promise<Result<unknown>> {
  const headers = new Headers({ accept: 'application/json' });
  for (const [name, value] of given(params.header)) headers.set(name, value);
  const team = currentTeam();
  if (team !== null) headers.set('x-team-id', String(team));
  // By it the server recognises a request that a broken connection made the browser send twice.
  if (method !== 'GET' && !headers.has(KEY)) headers.set(KEY, newKey());
  if (body !== undefined) headers.set('content-type', 'application/json');
  const query = new URLSearchParams(given(params.query)).toString();
  const response = await fetch(`/api/v1${fill(path, params.path)}${query && `?${query}`}`, {
    method,
    headers,
    credentials: 'same-origin',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  const answer: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
  return response.ok ? { data: answer, response } : { error: answer, response };
}

/** The members that have a value, as text. */
const given = (values: Record<string, unknown> = {}): [string, string][] =>
  Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[name, String(value)]],
  );

/** A path with its parameters, such as `/vps/{vpsInstance}`. */
const fill = (path: string, values: Record<string, unknown> = {}): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])));

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
