import { createFileRoute } from '@tanstack/react-router';
import { BucketMetrics } from '../../../../storage/bucket-metrics.tsx';
import { type TrendWindow, windowOf } from '../../../../storage/trend-window.ts';

export const Route = createFileRoute('/_console/object-storage/$id/metrics')({
  validateSearch: (search: Record<string, unknown>): { window?: TrendWindow } => ({
    window: windowOf(search),
  }),
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <BucketMetrics
        id={Route.useParams().id}
        window={windowOf(Route.useSearch())}
        onWindow={(window) => void navigate({ search: { window }, replace: true })}
      />
    );
  },
});
