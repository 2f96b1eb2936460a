import { createFileRoute } from '@tanstack/react-router';
import { databaseKind } from '../../../../instances/kinds.ts';
import { ServiceLogs } from '../../../../instances/service-tabs.tsx';

export const Route = createFileRoute('/_console/databases/$id/logs')({
  component: function Page() {
    return <ServiceLogs kind={databaseKind} id={Route.useParams().id} />;
  },
});
