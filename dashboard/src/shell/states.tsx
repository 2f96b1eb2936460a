import type { ErrorComponentProps } from '@tanstack/react-router';
import { Compass, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client.ts';
import { common } from '../text/common.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Empty } from '../ui/page.tsx';

/** Nothing is at this address. */
export function Missing() {
  return (
    <Empty
      isPage
      icon={<Compass />}
      title={common.nothingHere}
      action={<ButtonLink to="/">{common.toOverview}</ButtonLink>}
    >
      {common.nothingHereAbout}
    </Empty>
  );
}

/** A page that the account may not see; `children` says why. */
const Forbidden = ({ children }: { children: ReactNode }) => (
  <Empty
    isPage
    icon={<TriangleAlert />}
    title={common.forbidden}
    action={<ButtonLink to="/">{common.toOverview}</ButtonLink>}
  >
    {children}
  </Empty>
);

/** A page that failed. */
export function Failure({ error, reset }: ErrorComponentProps) {
  if (error instanceof ApiError && error.status === 404) return <Missing />;
  if (error instanceof ApiError && error.status === 403) return <Forbidden>{error.message}</Forbidden>;
  return (
    <Empty
      isPage
      icon={<TriangleAlert />}
      title={common.failed}
      action={
        <Button
          onClick={() => {
            reset();
            location.reload();
          }}
        >
          {common.retry}
        </Button>
      }
    >
      {error instanceof ApiError ? error.message : common.unreachable}
      {error instanceof ApiError && error.requestId && (
        <span className="mt-1 block font-mono text-xs">{common.requestId(error.requestId)}</span>
      )}
    </Empty>
  );
}

/** A page whose code or data is on its way: it keeps its height, so that nothing jumps. */
export function Pending() {
  return (
    <div className="flex min-h-[60vh] flex-col gap-6" role="status" aria-label={common.loading}>
      <div className="skeleton h-8 w-48" />
      <div className="skeleton h-64 w-full rounded-xl" />
    </div>
  );
}
