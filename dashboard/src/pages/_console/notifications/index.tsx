import { createFileRoute } from '@tanstack/react-router';
import { NotificationsPage } from '../../../notifications/notifications-page.tsx';
import { readNotificationSearch } from '../../../notifications/search.ts';

export const Route = createFileRoute('/_console/notifications/')({
  validateSearch: readNotificationSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <NotificationsPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
