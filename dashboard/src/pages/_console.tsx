import { createFileRoute, redirect } from '@tanstack/react-router';
import { accountQuery } from '../api/account.ts';
import { ApiError } from '../api/client.ts';
import { Frame } from '../shell/frame.tsx';

export const Route = createFileRoute('/_console')({
  async beforeLoad({ context, location }) {
    try {
      await context.queryClient.ensureQueryData(accountQuery);
    } catch (error) {
      const isSignedOut = error instanceof ApiError && error.status === 401;
      if (isSignedOut) throw redirect({ to: '/sign-in', search: { next: location.href } });
      throw error;
    }
  },
  component: Frame,
});
