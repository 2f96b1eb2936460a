import { createRouter } from '@tanstack/react-router';
import { queryClient } from './api/account.ts';
import { whenSignedOut } from './api/client.ts';
import { routeTree } from './route-tree.gen.ts';
import { Failure, Missing, Pending } from './shell/states.tsx';

export const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: 'intent',
  // Answers are cached by queries, which know when they are old.
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: Failure,
  defaultNotFoundComponent: Missing,
  defaultPendingComponent: Pending,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

whenSignedOut(() => {
  const { pathname, href } = router.state.location;
  const isOutside = /^\/(sign-in|account|invitation)(\/|$)/.test(pathname);
  if (!isOutside) void router.navigate({ to: '/sign-in', search: { next: href } });
});
