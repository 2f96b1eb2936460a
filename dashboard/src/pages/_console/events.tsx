import { createFileRoute } from '@tanstack/react-router';
import { EventsPage } from '../../events/events-page.tsx';

export const Route = createFileRoute('/_console/events')({
  validateSearch: ({ type }: Record<string, unknown>): { type?: string | undefined } => ({
    type: typeof type === 'string' ? type : undefined,
  }),
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <EventsPage
        type={Route.useSearch().type}
        onType={(type) => void navigate({ search: { type }, replace: true })}
      />
    );
  },
});
