import { useQuery } from '@tanstack/react-query';
import { operationsQuery } from '../api/queries.ts';
import { operationsText as text } from '../text/operations.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Empty, Section } from '../ui/page.tsx';
import { Ago } from '../ui/time.tsx';

export const OPERATION_TONES: Record<string, Tone> = {
  queued: 'idle',
  running: 'busy',
  succeeded: 'good',
  failed: 'bad',
};

/** How many operations the card shows. */
const SHOWN = 6;

/** The last operations of a resource. */
export function OperationList({ resourceId }: { resourceId: string }) {
  const { data } = useQuery(operationsQuery({ resource_id: resourceId, per_page: SHOWN }));
  return (
    <Section title={text.title} flush>
      {!data && <div className="skeleton m-5 h-28" />}
      {data?.data.length === 0 && <Empty title={text.emptyTitle} />}
      <ul>
        {data?.data.map((operation) => (
          <li key={operation.operation_id} className="border-b border-line px-5 py-3 last:border-0">
            <div className="flex items-center justify-between gap-3">
              <p>{text.kind(operation.kind)}</p>
              <span className="flex items-center gap-3 text-sm text-quiet">
                <Ago at={operation.created_at} />
                <Badge tone={OPERATION_TONES[operation.state] ?? 'idle'}>
                  {text.states[operation.state] ?? operation.state}
                </Badge>
              </span>
            </div>
            {operation.error && (
              <p className="mt-1 text-sm break-words text-bad">{operation.error.message}</p>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
