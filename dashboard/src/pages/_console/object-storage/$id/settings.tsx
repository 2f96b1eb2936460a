import { createFileRoute } from '@tanstack/react-router';
import { BucketSettings } from '../../../../storage/bucket-settings.tsx';

export const Route = createFileRoute('/_console/object-storage/$id/settings')({
  component: function Page() {
    return <BucketSettings id={Route.useParams().id} />;
  },
});
