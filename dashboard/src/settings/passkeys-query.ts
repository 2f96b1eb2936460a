import { answerOf, api } from '../api/client.ts';

export const passkeysQuery = {
  queryKey: ['passkeys'],
  queryFn: async () => (await answerOf(api.GET('/user/passkeys'))).data,
};
