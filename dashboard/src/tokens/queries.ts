import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { wholeList } from '../api/whole-list.ts';

/** The account's tokens. */
export const tokensQuery = queryOptions({
  queryKey: ['token', 'list'],
  queryFn: () => wholeList((query) => api.GET('/user/tokens', { params: { query } })),
});

/** The tokens of all members of the team. */
export const teamTokensQuery = queryOptions({
  queryKey: ['token', 'team'],
  queryFn: () => wholeList((query) => api.GET('/team/tokens', { params: { query } })),
});

/** The scopes that there are. */
export const scopesQuery = queryOptions({
  queryKey: ['token', 'scopes'],
  queryFn: () => answerOf(api.GET('/user/tokens/scopes')),
  staleTime: Number.POSITIVE_INFINITY,
});
