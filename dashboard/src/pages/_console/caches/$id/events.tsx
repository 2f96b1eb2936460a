import { createFileRoute } from '@tanstack/react-router';
import { cacheKind } from '../../../../instances/kinds.ts';
import { EventsTab } from '../../../../instances/tabs.tsx';

export const Route = createFileRoute('/_console/caches/$id/events')({
  component: function Page() {
    return <EventsTab kind={cacheKind} id={Route.useParams().id} />;
  },
});
