import { createFileRoute } from '@tanstack/react-router';
import { instanceQuery } from '../../../api/queries.ts';
import { DetailFrame } from '../../../instances/detail-frame.tsx';
import { databaseKind } from '../../../instances/kinds.ts';

export const Route = createFileRoute('/_console/databases/$id')({
  loader: ({ context, params }) =>
    void context.queryClient.prefetchQuery(instanceQuery(databaseKind, params.id)),
  component: function Page() {
    return (
      <DetailFrame
        kind={databaseKind}
        id={Route.useParams().id}
        tabs={['', 'connect', 'metrics', 'snapshots', 'firewall', 'events', 'logs', 'diagnosis', 'settings']}
      />
    );
  },
});
