import { createFileRoute } from '@tanstack/react-router';
import { CreateService } from '../../../instances/create-service.tsx';
import { cacheKind } from '../../../instances/kinds.ts';

export const Route = createFileRoute('/_console/caches/new')({
  component: function Page() {
    return <CreateService kind={cacheKind} />;
  },
});
