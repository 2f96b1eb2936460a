import { createFileRoute } from '@tanstack/react-router';
import { vpsKind } from '../../../../instances/kinds.ts';
import { DiagnosisTab } from '../../../../instances/tabs.tsx';

export const Route = createFileRoute('/_console/vps/$id/diagnosis')({
  component: function Page() {
    return <DiagnosisTab kind={vpsKind} id={Route.useParams().id} />;
  },
});
