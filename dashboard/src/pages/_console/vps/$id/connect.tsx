import { createFileRoute } from '@tanstack/react-router';
import { VpsConnect } from '../../../../instances/vps-tabs.tsx';

export const Route = createFileRoute('/_console/vps/$id/connect')({
  component: function Page() {
    return <VpsConnect id={Route.useParams().id} />;
  },
});
