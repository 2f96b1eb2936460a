import { createFileRoute } from '@tanstack/react-router';
import { BucketFrame } from '../../../storage/bucket-frame.tsx';

export const Route = createFileRoute('/_console/object-storage/$id')({
  component: function Page() {
    const { id } = Route.useParams();
    return <BucketFrame key={id} id={id} />;
  },
});
