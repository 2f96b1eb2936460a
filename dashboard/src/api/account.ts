import { QueryCache, QueryClient, queryOptions } from '@tanstack/react-query';
import { ApiError, answerOf, api } from './client.ts';

/** How long an answer is taken for current, in milliseconds. Events of the stream make it old at once. */
const FRESH_MS = 30_000;

const hasStatus = (error: unknown, status: number): boolean =>
  error instanceof ApiError && error.status === status;

/** The answers that are known. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    // What somebody else has deleted is not shown as it was before.
    onError: (error, query) => {
      if (hasStatus(error, 404)) query.setState({ data: undefined });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      // A page that may not be seen says so, and does not wait for what never comes. What shows its own errors turns this off.
      throwOnError: (error, { state }) => hasStatus(error, 403) && state.data === undefined,
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
