import { createFileRoute } from '@tanstack/react-router';
import { BucketOverview } from '../../../../storage/bucket-overview.tsx';

export const Route = createFileRoute('/_console/object-storage/$id/')({
  component: function Page() {
    return <BucketOverview id={Route.useParams().id} />;
  },
});
