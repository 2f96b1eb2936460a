import { createFileRoute } from '@tanstack/react-router';
import { instanceQuery } from '../../../api/queries.ts';
import { DetailFrame } from '../../../instances/detail-frame.tsx';
import { vpsKind } from '../../../instances/kinds.ts';

export const Route = createFileRoute('/_console/vps/$id')({
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(instanceQuery(vpsKind, params.id)),
  component: function Page() {
    return (
      <DetailFrame
        kind={vpsKind}
        id={Route.useParams().id}
        tabs={[
          '',
          'connect',
          'console',
          'metrics',
          'snapshots',
          'firewall',
          'events',
          'logs',
          'diagnosis',
          'settings',
        ]}
      />
    );
  },
});
