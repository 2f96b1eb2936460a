import { answerOf, api } from './client.ts';

/** How often announcements are read, in milliseconds: they belong to no team, so no event tells of them. */
const EVERY_MS = 300_000;

/** What the operator tells everybody at this moment. */
export const announcementsQuery = {
  queryKey: ['announcements', 'current'],
  queryFn: async () => (await answerOf(api.GET('/announcements'))).data,
  refetchInterval: EVERY_MS,
};
