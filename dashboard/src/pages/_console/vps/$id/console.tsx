import { createFileRoute } from '@tanstack/react-router';
import { ConsoleTab } from '../../../../console/console-tab.tsx';

export const Route = createFileRoute('/_console/vps/$id/console')({
  component: function Page() {
    const { id } = Route.useParams();
    return <ConsoleTab key={id} id={id} />;
  },
});
