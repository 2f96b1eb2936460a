import { createFileRoute } from '@tanstack/react-router';
import { readCostsSearch } from '../../../costs/search.ts';
import { OperatorCostsPage } from '../../../operator/costs-page.tsx';

export const Route = createFileRoute('/_console/operator/costs')({
  validateSearch: readCostsSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <OperatorCostsPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
