import { createFileRoute } from '@tanstack/react-router';
import { readListSearch } from '../../../operator/search.ts';
import { TeamsPage } from '../../../operator/teams-page.tsx';

export const Route = createFileRoute('/_console/operator/teams')({
  validateSearch: readListSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <TeamsPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
