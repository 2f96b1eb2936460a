import { useQuery } from '@tanstack/react-query';
import { CircleCheck, History } from 'lucide-react';
import { diagnosisQuery, instanceEventsQuery } from '../api/queries.ts';
import { common } from '../text/common.ts';
import { tabTexts as text } from '../text/tabs.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Empty, Section } from '../ui/page.tsx';
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

const VERDICTS: Record<string, Tone> = {
  healthy: 'good',
  degraded: 'warn',
  unhealthy: 'bad',
  stopped: 'idle',
};
const SEVERITIES: Record<string, Tone> = { critical: 'bad', warning: 'warn', info: 'idle' };

/** What is wrong with an instance, and what to do about it. */
export function DiagnosisTab({ kind, id }: { kind: Kind; id: string }) {
  const { data, isFetching, refetch } = useQuery(diagnosisQuery(kind, id));
  const disk = data?.sections.disk;
  return (
    <Section
      title={
        <span className="flex items-center gap-3">
          {text.diagnosis}
          {data && (
            <Badge tone={VERDICTS[data.verdict] ?? 'idle'}>
              {text.verdicts[data.verdict] ?? data.verdict}
            </Badge>
          )}
        </span>
      }
      about={text.diagnosisAbout}
      actions={
        <Button busy={isFetching} onClick={() => void refetch()}>
          {text.again}
        </Button>
      }
      flush
    >
      {!data && <div className="skeleton m-5 h-28" />}
      {data?.findings.length === 0 && (
        <Empty icon={<CircleCheck />} title={text.noFindings}>
          {data.status.summary}
        </Empty>
      )}
      <ul>
        {data?.findings.map((finding) => (
          <li key={finding.code} className="border-b border-line px-5 py-4 last:border-0">
            <div className="flex flex-wrap items-center gap-2.5">
              <Badge tone={SEVERITIES[finding.severity] ?? 'idle'}>
                {text.severities[finding.severity] ?? finding.severity}
              </Badge>
              <p className="font-medium break-words">{finding.summary}</p>
            </div>
            {finding.remediation && (
              <p className="mt-1.5 max-w-prose break-words text-quiet">{finding.remediation}</p>
            )}
          </li>
        ))}
      </ul>
      {disk?.used_mb != null && (
        <p className="border-t border-line px-5 py-3 text-sm text-quiet">
          {text.disk(disk.used_mb / 1024, disk.size_gb ?? 0)}
        </p>
      )}
      {!data && <p className="sr-only">{common.loading}</p>}
    </Section>
  );
}
