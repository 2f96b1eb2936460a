import { createFileRoute } from '@tanstack/react-router';
import { BucketConnect } from '../../../../storage/connect/bucket-connect.tsx';

export const Route = createFileRoute('/_console/object-storage/$id/connect')({
  component: function Page() {
    return <BucketConnect id={Route.useParams().id} />;
  },
});
