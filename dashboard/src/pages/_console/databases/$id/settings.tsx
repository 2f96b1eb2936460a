import { createFileRoute } from '@tanstack/react-router';
import { databaseKind } from '../../../../instances/kinds.ts';
import { SettingsTab } from '../../../../instances/settings-tab.tsx';

export const Route = createFileRoute('/_console/databases/$id/settings')({
  component: function Page() {
    return <SettingsTab kind={databaseKind} id={Route.useParams().id} />;
  },
});
