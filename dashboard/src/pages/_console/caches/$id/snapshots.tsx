import { createFileRoute } from '@tanstack/react-router';
import { cacheKind } from '../../../../instances/kinds.ts';
import { SnapshotsTab } from '../../../../snapshots/snapshots-tab.tsx';

export const Route = createFileRoute('/_console/caches/$id/snapshots')({
  component: function Page() {
    return <SnapshotsTab kind={cacheKind} id={Route.useParams().id} />;
  },
});
