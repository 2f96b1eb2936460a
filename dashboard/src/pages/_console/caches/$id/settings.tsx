import { createFileRoute } from '@tanstack/react-router';
import { cacheKind } from '../../../../instances/kinds.ts';
import { SettingsTab } from '../../../../instances/settings-tab.tsx';

export const Route = createFileRoute('/_console/caches/$id/settings')({
  component: function Page() {
    return <SettingsTab kind={cacheKind} id={Route.useParams().id} />;
  },
});
