import { createFileRoute } from '@tanstack/react-router';
import { vpsKind } from '../../../../instances/kinds.ts';
import { SnapshotsTab } from '../../../../snapshots/snapshots-tab.tsx';

export const Route = createFileRoute('/_console/vps/$id/snapshots')({
  component: function Page() {
    return <SnapshotsTab kind={vpsKind} id={Route.useParams().id} />;
  },
});
