import { createFileRoute } from '@tanstack/react-router';
import { CreateService } from '../../../instances/create-service.tsx';
import { databaseKind } from '../../../instances/kinds.ts';

export const Route = createFileRoute('/_console/databases/new')({
  component: function Page() {
    return <CreateService kind={databaseKind} />;
  },
});
