import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Access } from './config.ts';
import { EXIT, Failure } from './failure.ts';

export interface Request {
  method: string;
  /** Below `/api/v1`. */
  path: string;
  /** The team that it acts on, instead of the token’s. */
  team?: string | undefined;
  body?: { type: string; content: string | Uint8Array } | undefined;
}

/** How often a request is sent where no answer comes. The key lets the server carry a write out once. */
const ATTEMPTS = 3;

/** Sends a request. Throws a {@link Failure} where it is refused, or the install cannot be reached. */
export async function send({ url, token }: Access, { method, path, team, body }: Request): Promise<Response> {
  const headers: Record<string, string> = {
    authorization: `Bearer ${token}`,
    'user-agent': 'danubectl',
    ...(team === undefined ? {} : { 'x-team-id': team }),
    ...(method === 'GET' ? {} : { 'idempotency-key': randomUUID() }),
    ...(body === undefined ? {} : { 'content-type': body.type }),
  };
  for (let attempt = 1; ; attempt++) {
    try {
      // The token is for this address alone: a redirect is not followed.
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers,
        redirect: 'manual',
        ...(body === undefined ? {} : { body: body.content as NonNullable<RequestInit['body']> }),
      });
      if (!response.ok) throw await refusal(response);
      return response;
    } catch (error) {
      if (error instanceof Failure) throw error;
      if (attempt === ATTEMPTS) {
        const { cause } = error as { cause?: { message?: string } };
        throw new Failure(`${url} cannot be reached: ${cause?.message ?? 'no answer'}`, EXIT.unavailable);
      }
      await delay(500 * attempt);
    }
  }
}

export const noInstall = (url: string): Failure =>
  new Failure(`What answers at ${new URL(url).origin} is no install of Danube.`, EXIT.unavailable);

/** The answer's JSON, an object. Throws a {@link Failure} where it is something else. */
export async function answerOf<T extends object>(response: Response): Promise<T> {
  const answer: unknown = await response.json().catch((error: unknown) => {
    if (error instanceof SyntaxError) return null;
    throw new Failure(`The answer of ${response.url} broke off.`, EXIT.unavailable);
  });
  if (typeof answer === 'object' && answer !== null) return answer as T;
  throw noInstall(response.url);
}

async function refusal(response: Response): Promise<Failure> {
  const { status } = response;
  if (status >= 300 && status < 400) {
    const to = response.headers.get('location');
    return new Failure(
      `The address leads elsewhere (${to}). Run \`danubectl login\` with that one.`,
      EXIT.unavailable,
    );
  }
  const answer = (await response.json().catch(() => null)) as {
    message?: string;
    code?: string;
    errors?: Record<string, string[]>;
    request_id?: string;
  } | null;
  const fields = Object.entries(answer?.errors ?? {}).flatMap(([field, sentences]) =>
    sentences.map((sentence) => `  ${field}: ${sentence}`),
  );
  const id = status >= 500 && answer?.request_id ? [`  Request ${answer.request_id}`] : [];
  const lines = [
    `${answer?.message ?? 'The server refused.'} (${status}${answer?.code ? ` ${answer.code}` : ''})`,
    ...fields,
    ...id,
  ];
  const isLater = status >= 500 || status === 429;
  const exit = status === 401 ? EXIT.unauthenticated : isLater ? EXIT.unavailable : EXIT.refused;
  return new Failure(lines.join('\n'), exit);
}
