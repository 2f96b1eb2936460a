import { createFileRoute } from '@tanstack/react-router';
import { vpsKind } from '../../../../instances/kinds.ts';
import { EventsTab } from '../../../../instances/tabs.tsx';

export const Route = createFileRoute('/_console/vps/$id/events')({
  component: function Page() {
    return <EventsTab kind={vpsKind} id={Route.useParams().id} />;
  },
});
