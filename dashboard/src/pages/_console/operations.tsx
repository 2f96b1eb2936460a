import { createFileRoute } from '@tanstack/react-router';
import { OperationsPage } from '../../operations/operations-page.tsx';
import { readOperationSearch } from '../../operations/search.ts';

export const Route = createFileRoute('/_console/operations')({
  validateSearch: readOperationSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <OperationsPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
