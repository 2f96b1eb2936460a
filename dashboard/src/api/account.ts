import { QueryClient, queryOptions } from '@tanstack/react-query';
import { ApiError, answerOf, api } from './client.ts';

/** How long an answer is taken for current, in milliseconds. Events of the stream make it old at once. */
const FRESH_MS = 30_000;

/** The answers that are known. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (count, error) => !(error instanceof ApiError && error.status < 500) && count < 2,
    },
  },
});

/** Who is signed in. */
export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: () => answerOf(api.GET('/user')),
  staleTime: Number.POSITIVE_INFINITY,
});
