import { createFileRoute } from '@tanstack/react-router';
import { FirewallPage } from '../../../firewalls/firewall-page.tsx';

export const Route = createFileRoute('/_console/firewalls/$id')({
  component: function Page() {
    const { id } = Route.useParams();
    return <FirewallPage key={id} id={id} />;
  },
});
