import { createFileRoute } from '@tanstack/react-router';
import { databaseKind } from '../../../../instances/kinds.ts';
import { SnapshotsTab } from '../../../../snapshots/snapshots-tab.tsx';

export const Route = createFileRoute('/_console/databases/$id/snapshots')({
  component: function Page() {
    return <SnapshotsTab kind={databaseKind} id={Route.useParams().id} />;
  },
});
