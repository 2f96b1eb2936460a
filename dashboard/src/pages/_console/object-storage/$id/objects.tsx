import { createFileRoute } from '@tanstack/react-router';
import { ObjectsPage } from '../../../../storage/objects/objects-page.tsx';
import { searchOf } from '../../../../storage/objects/search.ts';

export const Route = createFileRoute('/_console/object-storage/$id/objects')({
  validateSearch: searchOf,
  component: function Page() {
    const navigate = Route.useNavigate();
    return (
      <ObjectsPage
        id={Route.useParams().id}
        search={Route.useSearch()}
        onSearch={(search) => void navigate({ search })}
      />
    );
  },
});
