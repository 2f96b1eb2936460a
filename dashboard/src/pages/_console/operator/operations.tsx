import { createFileRoute } from '@tanstack/react-router';
import { readListSearch } from '../../../operator/search.ts';
import { TroublesPage } from '../../../operator/troubles-page.tsx';

export const Route = createFileRoute('/_console/operator/operations')({
  validateSearch: readListSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <TroublesPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
