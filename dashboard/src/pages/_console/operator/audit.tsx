import { createFileRoute } from '@tanstack/react-router';
import { readAuditSearch } from '../../../audit/search.ts';
import { InstallAuditPage } from '../../../operator/audit-page.tsx';

export const Route = createFileRoute('/_console/operator/audit')({
  validateSearch: readAuditSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <InstallAuditPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
