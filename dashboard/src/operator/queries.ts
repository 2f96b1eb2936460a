import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import type { ServerSort } from '../ui/list-search.ts';
import type { ACCOUNT_STATUSES, TROUBLES } from './search.ts';

/** How often what happens to the install is read, in milliseconds: the stream only tells of one's own team. */
const EVERY_MS = 10_000;
export const PER_PAGE = 25;

export interface PageWanted {
  page: number;
  per_page: number;
  /** A part of the name; of accounts, also of the e-mail address. */
  q?: string;
  sort?: ServerSort;
}

export const statusQuery = queryOptions({
  queryKey: ['operator', 'status'],
  queryFn: () => answerOf(api.GET('/operator/status')),
  refetchInterval: EVERY_MS,
});

export const capacityQuery = queryOptions({
  queryKey: ['operator', 'capacity'],
  queryFn: () => answerOf(api.GET('/operator/capacity')),
});

export const accountsQuery = (query: PageWanted & { status?: (typeof ACCOUNT_STATUSES)[number] }) =>
  queryOptions({
    queryKey: ['operator', 'accounts', query],
    queryFn: () => answerOf(api.GET('/operator/accounts', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const allTeamsQuery = (query: PageWanted) =>
  queryOptions({
    queryKey: ['operator', 'teams', query],
    queryFn: () => answerOf(api.GET('/operator/teams', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const plansQuery = queryOptions({
  queryKey: ['operator', 'plans'],
  queryFn: async () => (await answerOf(api.GET('/operator/plans'))).data,
});

export const imagesQuery = queryOptions({
  queryKey: ['operator', 'images'],
  queryFn: async () => (await answerOf(api.GET('/operator/images'))).data,
  refetchInterval: ({ state }) => (state.data?.some(({ is_ordered }) => is_ordered) ? EVERY_MS / 5 : false),
});

export const troublesQuery = (query: PageWanted & { status?: (typeof TROUBLES)[number] }) =>
  queryOptions({
    queryKey: ['operator', 'operations', query],
    queryFn: () => answerOf(api.GET('/operator/operations', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const operatorAnnouncementsQuery = queryOptions({
  queryKey: ['announcements', 'all'],
  queryFn: async () => (await answerOf(api.GET('/operator/announcements'))).data,
});
