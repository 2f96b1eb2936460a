import { useQuery } from '@tanstack/react-query';
import { Activity } from 'lucide-react';
import { eventsQuery } from '../api/queries.ts';
import { eventText as text } from '../text/access.ts';
import { common } from '../text/common.ts';
import { Button } from '../ui/button.tsx';
import { FilterBar } from '../ui/filter.tsx';
import { Empty, PageHeader } from '../ui/page.tsx';
import { EventList } from './event-list.tsx';
import type { EventSearch } from './search.ts';

/** The events of the team, the newest first. What is shown is in the address. */
export function EventsPage({
  search: { type, before },
  onSearch,
}: {
  search: EventSearch;
  onSearch: (search: EventSearch) => void;
}) {
  const { data } = useQuery(
    eventsQuery({ before: before === undefined ? before : String(before), resource_type: type }),
  );
  const older = data?.next_before;
  return (
    <>
      <PageHeader title={text.title} about={text.about} />
      <div className="card overflow-hidden">
        <FilterBar
          label={text.type}
          value={type}
          onValue={(next) => onSearch({ type: next })}
          all={text.allTypes}
          options={Object.entries(text.types)}
        />
        {data?.data.length === 0 ? (
          <Empty icon={<Activity />} title={text.emptyTitle}>
            {text.emptyAbout}
          </Empty>
        ) : (
          <EventList events={data?.data} expect={8} />
        )}
        {(before || older) && (
          <nav aria-label={common.pages} className="flex justify-end gap-2 border-t border-line px-5 py-3">
            {before && <Button onClick={() => onSearch({ type })}>{text.newest}</Button>}
            {older && <Button onClick={() => onSearch({ type, before: older })}>{text.older}</Button>}
          </nav>
        )}
      </div>
    </>
  );
}
