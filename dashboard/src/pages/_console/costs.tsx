import { createFileRoute } from '@tanstack/react-router';
import { CostsPage } from '../../costs/costs-page.tsx';
import { readCostsSearch } from '../../costs/search.ts';

export const Route = createFileRoute('/_console/costs')({
  validateSearch: readCostsSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <CostsPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
