import type { QueryClient } from '@tanstack/react-query';
import { createFileRoute, redirect } from '@tanstack/react-router';
import { accountQuery } from '../api/account.ts';
import { ApiError } from '../api/client.ts';
import { chooseTeam, currentTeam } from '../api/team.ts';
import { Frame } from '../shell/frame.tsx';

export const Route = createFileRoute('/_console')({
  async beforeLoad({ context, location }) {
    try {
      await findAccount(context.queryClient);
    } catch (error) {
      const isSignedOut = error instanceof ApiError && error.status === 401;
      if (isSignedOut) throw redirect({ to: '/sign-in', search: { next: location.href } });
      throw error;
    }
  },
  component: Frame,
});

/** Who is signed in. Where the account was removed from the team that this browser has chosen, it goes on in its own. */
async function findAccount(client: QueryClient): Promise<void> {
  try {
    await client.ensureQueryData(accountQuery);
  } catch (error) {
    const isOutOfTeam = error instanceof ApiError && error.code === 'team_forbidden';
    if (!isOutOfTeam || currentTeam() === null) throw error;
    chooseTeam(null);
    await client.ensureQueryData(accountQuery);
  }
}
