import type { Dispatcher } from 'undici';
import { IncusError } from './errors.ts';

/** What Incus answers to a request. */
export interface Answer {
  etag: string;
  type: 'sync' | 'async' | 'error';
  metadata: unknown;
  operation?: string;
  error?: string;
  error_code?: number;
}

/**
 * Reads the answer to a request, which `what` names. Throws an {@link IncusError} for failures, which can also come with
 * a 2xx status and an error in the body, or as an error body without metadata.
 */
export function parseAnswer(
  { statusCode: status, headers }: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>,
  text: string,
  what: string,
): Answer {
  let answer: Answer;
  try {
    answer = { ...(JSON.parse(text) as Omit<Answer, 'etag'>), etag: String(headers.etag ?? '') };
  } catch (cause) {
    throw new IncusError(
      status >= 400 ? status : 502,
      `${what} was answered with something other than JSON`,
      { cause },
    );
  }
  if (answer.type === 'error' || status >= 400) {
    throw new IncusError(answer.error_code || status, answer.error ?? text);
  }
  return answer;
}

/** Null in place of an answer that says that something does not exist. */
export async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof IncusError && error.status === 404) return null;
    throw error;
  }
}
