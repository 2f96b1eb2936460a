import { createFileRoute } from '@tanstack/react-router';
import { cacheKind } from '../../../../instances/kinds.ts';
import { ServiceConnect } from '../../../../instances/service-connect.tsx';

export const Route = createFileRoute('/_console/caches/$id/connect')({
  component: function Page() {
    return <ServiceConnect kind={cacheKind} id={Route.useParams().id} />;
  },
});
