import { createFileRoute } from '@tanstack/react-router';
import { SnapshotsPage } from '../../snapshots/snapshots-page.tsx';

export const Route = createFileRoute('/_console/snapshots')({
  validateSearch: ({ kind }: Record<string, unknown>): { kind?: string | undefined } => ({
    kind: typeof kind === 'string' ? kind : undefined,
  }),
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <SnapshotsPage
        kind={Route.useSearch().kind}
        onKind={(kind) =>
          void navigate({ search: (before) => ({ ...before, kind, page: undefined }), replace: true })
        }
      />
    );
  },
});
