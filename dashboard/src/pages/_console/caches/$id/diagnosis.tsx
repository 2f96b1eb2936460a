import { createFileRoute } from '@tanstack/react-router';
import { cacheKind } from '../../../../instances/kinds.ts';
import { DiagnosisTab } from '../../../../instances/tabs.tsx';

export const Route = createFileRoute('/_console/caches/$id/diagnosis')({
  component: function Page() {
    return <DiagnosisTab kind={cacheKind} id={Route.useParams().id} />;
  },
});
