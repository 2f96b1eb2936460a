import { createFileRoute } from '@tanstack/react-router';
import { SignInPage } from '../../sign-in/sign-in-page.tsx';

export const Route = createFileRoute('/sign-in/')({
  validateSearch: ({ next }: Record<string, unknown>): { next?: string | undefined } => ({
    // Only a path of this console: another origin would be an open redirect.
    next: typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : undefined,
  }),
  component: function Page() {
    return <SignInPage next={Route.useSearch().next ?? '/'} />;
  },
});
