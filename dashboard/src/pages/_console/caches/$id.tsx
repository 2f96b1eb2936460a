import { createFileRoute } from '@tanstack/react-router';
import { instanceQuery } from '../../../api/queries.ts';
import { DetailFrame } from '../../../instances/detail-frame.tsx';
import { cacheKind } from '../../../instances/kinds.ts';

export const Route = createFileRoute('/_console/caches/$id')({
  loader: ({ context, params }) =>
    void context.queryClient.prefetchQuery(instanceQuery(cacheKind, params.id)),
  component: function Page() {
    return (
      <DetailFrame
        kind={cacheKind}
        id={Route.useParams().id}
        tabs={['', 'connect', 'metrics', 'snapshots', 'firewall', 'events', 'logs', 'diagnosis', 'settings']}
      />
    );
  },
});
