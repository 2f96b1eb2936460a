import { createFileRoute } from '@tanstack/react-router';
import { FirewallTab } from '../../../../instances/firewall-tab.tsx';

export const Route = createFileRoute('/_console/caches/$id/firewall')({
  component: function Page() {
    return <FirewallTab id={Route.useParams().id} />;
  },
});
