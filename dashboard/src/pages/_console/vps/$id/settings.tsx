import { createFileRoute } from '@tanstack/react-router';
import { vpsKind } from '../../../../instances/kinds.ts';
import { SettingsTab } from '../../../../instances/settings-tab.tsx';

export const Route = createFileRoute('/_console/vps/$id/settings')({
  component: function Page() {
    return <SettingsTab kind={vpsKind} id={Route.useParams().id} />;
  },
});
