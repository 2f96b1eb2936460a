import { answerOf, api } from '../api/client.ts';

/** The team that is chosen, and the role in it. */
export const teamQuery = {
  queryKey: ['team'],
  queryFn: async () => {
    const { team, role } = await answerOf(api.GET('/team'));
    return { team, role: role as Role };
  },
};

export const membersQuery = {
  queryKey: ['team', 'members'],
  queryFn: async () => (await answerOf(api.GET('/team/members'))).data,
};

export const invitationsQuery = {
  queryKey: ['team', 'invitations'],
  queryFn: async () => (await answerOf(api.GET('/team/invitations'))).data,
};

export const ROLES = ['viewer', 'editor', 'admin', 'owner'] as const;
export type Role = (typeof ROLES)[number];

export const isAdmin = (role: Role | undefined): boolean => role === 'admin' || role === 'owner';
