import { createFileRoute } from '@tanstack/react-router';
import { VpsOverview } from '../../../../instances/vps-tabs.tsx';

export const Route = createFileRoute('/_console/vps/$id/')({
  component: function Page() {
    return <VpsOverview id={Route.useParams().id} />;
  },
});
