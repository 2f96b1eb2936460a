import { createFileRoute } from '@tanstack/react-router';
import { databaseKind } from '../../../../instances/kinds.ts';
import { ServiceConnect } from '../../../../instances/service-connect.tsx';

export const Route = createFileRoute('/_console/databases/$id/connect')({
  component: function Page() {
    return <ServiceConnect kind={databaseKind} id={Route.useParams().id} />;
  },
});
