import { createFileRoute } from '@tanstack/react-router';
import { AlertsPage } from '../../../alerts/alerts-page.tsx';
import { readAlertSearch } from '../../../alerts/search.ts';

export const Route = createFileRoute('/_console/alerts/')({
  validateSearch: readAlertSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <AlertsPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
