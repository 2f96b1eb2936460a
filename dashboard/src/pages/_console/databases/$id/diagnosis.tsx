import { createFileRoute } from '@tanstack/react-router';
import { databaseKind } from '../../../../instances/kinds.ts';
import { DiagnosisTab } from '../../../../instances/tabs.tsx';

export const Route = createFileRoute('/_console/databases/$id/diagnosis')({
  component: function Page() {
    return <DiagnosisTab kind={databaseKind} id={Route.useParams().id} />;
  },
});
