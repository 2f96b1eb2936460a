import { createFileRoute } from '@tanstack/react-router';
import { instancesQuery } from '../../../api/queries.ts';
import { cacheKind } from '../../../instances/kinds.ts';
import { ListPage } from '../../../instances/list-page.tsx';
import { readListSearch } from '../../../ui/list-search.ts';

export const Route = createFileRoute('/_console/caches/')({
  validateSearch: readListSearch,
  loader: ({ context }) => void context.queryClient.prefetchQuery(instancesQuery(cacheKind)),
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <ListPage
        kind={cacheKind}
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
