import { createFileRoute } from '@tanstack/react-router';
import { readDeliverySearch } from '../../webhooks/search.ts';
import { WebhooksPage } from '../../webhooks/webhooks-page.tsx';

export const Route = createFileRoute('/_console/webhooks')({
  validateSearch: readDeliverySearch,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <WebhooksPage
        search={Route.useSearch()}
        onSearch={(change) =>
          void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
        }
      />
    );
  },
});
