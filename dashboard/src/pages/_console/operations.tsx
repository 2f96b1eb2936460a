import { createFileRoute } from '@tanstack/react-router';
import { OperationsPage, readOperationSearch } from '../../operations/operations-page.tsx';

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
