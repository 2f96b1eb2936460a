import { useQuery } from '@tanstack/react-query';
import { Activity } from 'lucide-react';
import { eventsQuery } from '../api/queries.ts';
import { eventText as text } from '../text/access.ts';
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
        <div className="flex min-h-15 items-center border-b border-line px-5 py-3">
          <select
            aria-label={text.type}
            className="control w-auto"
            value={type ?? ''}
            onChange={({ target }) => onType(target.value || undefined)}
          >
            <option value="">{text.allTypes}</option>
            {Object.entries(text.types).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </div>
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
