import { createFileRoute } from '@tanstack/react-router';
import { BucketDiagnosis } from '../../../../storage/bucket-diagnosis.tsx';

export const Route = createFileRoute('/_console/object-storage/$id/diagnosis')({
  component: function Page() {
    return <BucketDiagnosis id={Route.useParams().id} />;
  },
});
