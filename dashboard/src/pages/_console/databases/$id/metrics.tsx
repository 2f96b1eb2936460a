import { createFileRoute } from '@tanstack/react-router';
import { databaseKind } from '../../../../instances/kinds.ts';
import { MetricsTab } from '../../../../metrics/metrics-tab.tsx';
import { rangeOf } from '../../../../metrics/range.ts';

export const Route = createFileRoute('/_console/databases/$id/metrics')({
  validateSearch: (search: Record<string, unknown>): { range?: string } => ({ range: rangeOf(search) }),
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <MetricsTab
        kind={databaseKind}
        id={Route.useParams().id}
        range={rangeOf(Route.useSearch())}
        onRange={(range) => void navigate({ search: { range }, replace: true })}
      />
    );
  },
});
