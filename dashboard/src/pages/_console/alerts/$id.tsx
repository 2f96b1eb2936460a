import { createFileRoute } from '@tanstack/react-router';
import { AlertPage } from '../../../alerts/alert-page.tsx';

export const Route = createFileRoute('/_console/alerts/$id')({
  component: function Page() {
    const { id } = Route.useParams();
    return <AlertPage key={id} id={id} />;
  },
});
