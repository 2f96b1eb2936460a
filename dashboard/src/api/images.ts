import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from './client.ts';

/** The images of servers, with those that cannot be had now and why. */
export const imagesQuery = queryOptions({
  queryKey: ['images'],
  queryFn: async () =>
    (await answerOf(api.GET('/vps/images', { params: { query: { include_unavailable: 'true' } } }))).images,
});
