import { createFileRoute } from '@tanstack/react-router';
import { EventsPage } from '../../events/events-page.tsx';
import { readEventSearch } from '../../events/search.ts';

export const Route = createFileRoute('/_console/events')({
  validateSearch: readEventSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return <EventsPage search={Route.useSearch()} onSearch={(search) => void navigate({ search })} />;
  },
});
