import { createFileRoute } from '@tanstack/react-router';
import { cacheKind } from '../../../../instances/kinds.ts';
import { ServiceLogs } from '../../../../instances/service-tabs.tsx';

export const Route = createFileRoute('/_console/caches/$id/logs')({
  component: function Page() {
    return <ServiceLogs kind={cacheKind} id={Route.useParams().id} />;
  },
});
