import { createFileRoute } from '@tanstack/react-router';
import { databaseKind } from '../../../../instances/kinds.ts';
import { EventsTab } from '../../../../instances/tabs.tsx';

export const Route = createFileRoute('/_console/databases/$id/events')({
  component: function Page() {
    return <EventsTab kind={databaseKind} id={Route.useParams().id} />;
  },
});
