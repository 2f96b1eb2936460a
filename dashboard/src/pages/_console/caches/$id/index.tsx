import { createFileRoute } from '@tanstack/react-router';
import { cacheKind } from '../../../../instances/kinds.ts';
import { ServiceOverview } from '../../../../instances/service-tabs.tsx';

export const Route = createFileRoute('/_console/caches/$id/')({
  component: function Page() {
    return <ServiceOverview kind={cacheKind} id={Route.useParams().id} />;
  },
});
