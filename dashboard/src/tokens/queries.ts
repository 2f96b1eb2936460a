import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';

const WHOLE_LIST = { params: { query: { per_page: 100 } } };

/** The account's tokens. */
export const tokensQuery = queryOptions({
  queryKey: ['token', 'list'],
  queryFn: async () => (await answerOf(api.GET('/user/tokens', WHOLE_LIST))).data,
});

/** The tokens of all members of the team. */
export const teamTokensQuery = queryOptions({
  queryKey: ['token', 'team'],
  queryFn: async () => (await answerOf(api.GET('/team/tokens', WHOLE_LIST))).data,
});

/** The scopes that there are. */
export const scopesQuery = queryOptions({
  queryKey: ['token', 'scopes'],
  queryFn: () => answerOf(api.GET('/user/tokens/scopes')),
  staleTime: Number.POSITIVE_INFINITY,
});
