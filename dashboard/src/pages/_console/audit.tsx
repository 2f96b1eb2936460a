import { createFileRoute } from '@tanstack/react-router';
import { AuditPage } from '../../audit/audit-page.tsx';
import { readAuditSearch } from '../../audit/search.ts';

export const Route = createFileRoute('/_console/audit')({
  validateSearch: readAuditSearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <AuditPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
