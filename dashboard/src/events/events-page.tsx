import { useQuery } from '@tanstack/react-query';
import { Activity } from 'lucide-react';
import { eventsQuery } from '../api/queries.ts';
import { eventText as text } from '../text/access.ts';
import { FilterBar } from '../ui/filter.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { EventList } from './event-list.tsx';

/** The newest events of the team. */
export function EventsPage({
  type,
  onType,
}: {
  type: string | undefined;
  onType: (type: string | undefined) => void;
}) {
  const { data } = useQuery(eventsQuery(type ? { resource_type: type } : {}));
  return (
    <>
      <PageHeader title={text.title} about={text.about} />
      <div className="card overflow-hidden">
        <FilterBar
          label={text.type}
          value={type}
          onValue={onType}
          all={text.allTypes}
          options={Object.entries(text.types)}
        />
        {data?.length === 0 ? (
          <Empty icon={<Activity />} title={text.emptyTitle}>
            {text.emptyAbout}
          </Empty>
        ) : (
          <EventList events={data} expect={8} />
        )}
      </div>
    </>
  );
}
