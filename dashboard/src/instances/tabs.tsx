import { useQuery } from '@tanstack/react-query';
import { History } from 'lucide-react';
import { diagnosisQuery, instanceEventsQuery } from '../api/queries.ts';
import { DiagnosisCard } from '../diagnosis/diagnosis-card.tsx';
import { tabTexts as text } from '../text/tabs.ts';
import { Badge } from '../ui/badge.tsx';
import { Empty } from '../ui/page.tsx';
import { Table } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import type { InstanceEvent, Kind } from './kinds.ts';

/** What has happened to an instance. */
export function EventsTab({ kind, id }: { kind: Kind; id: string }) {
  const { data } = useQuery(instanceEventsQuery(kind, id));
  if (data?.length === 0) {
    return (
      <div className="card">
        <Empty icon={<History />} title={text.noEvents} />
      </div>
    );
  }
  return (
    <div className="card overflow-hidden">
      <Table<InstanceEvent>
        caption={text.events}
        rows={data}
        idOf={({ reason, message, last_seen }) => `${last_seen} ${reason} ${message}`}
        columns={[
          {
            id: 'message',
            title: text.what,
            cell: ({ type, message, count }) => (
              <span className="flex items-center gap-2.5">
                <Badge tone={type === 'Warning' ? 'warn' : 'idle'}>
                  {type === 'Warning' ? text.warning : text.normal}
                </Badge>
                <span className="min-w-40 break-words">{message}</span>
                {Number(count) > 1 && <span className="text-quiet">×{count}</span>}
              </span>
            ),
          },
          {
            id: 'seen',
            title: text.when,
            right: true,
            cell: ({ last_seen }) => <AgoCell at={last_seen} />,
          },
        ]}
      />
    </div>
  );
}

/** What is wrong with an instance, and what to do about it. */
export function DiagnosisTab({ kind, id }: { kind: Kind; id: string }) {
  const { data, isFetching, refetch } = useQuery(diagnosisQuery(kind, id));
  const disk = data?.sections.disk;
  return (
    <DiagnosisCard
      diagnosis={data}
      about={text.diagnosisAbout}
      busy={isFetching}
      onAgain={() => void refetch()}
    >
      {disk?.used_mb != null && (
        <p className="border-t border-line px-5 py-3 text-sm text-quiet">
          {text.disk(disk.used_mb / 1024, disk.size_gb ?? 0)}
        </p>
      )}
    </DiagnosisCard>
  );
}
