import { createFileRoute } from '@tanstack/react-router';
import { databaseKind } from '../../../../instances/kinds.ts';
import { ServiceOverview } from '../../../../instances/service-tabs.tsx';

export const Route = createFileRoute('/_console/databases/$id/')({
  component: function Page() {
    return <ServiceOverview kind={databaseKind} id={Route.useParams().id} />;
  },
});
