import { createFileRoute } from '@tanstack/react-router';
import { AccountsPage } from '../../../operator/accounts-page.tsx';
import { readListSearch } from '../../../operator/search.ts';

export const Route = createFileRoute('/_console/operator/accounts')({
  validateSearch: readListSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <AccountsPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
