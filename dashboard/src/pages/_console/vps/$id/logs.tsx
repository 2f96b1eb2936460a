import { createFileRoute } from '@tanstack/react-router';
import { VpsLogs } from '../../../../instances/vps-tabs.tsx';

export const Route = createFileRoute('/_console/vps/$id/logs')({
  component: function Page() {
    return <VpsLogs id={Route.useParams().id} />;
  },
});
