import { useQuery } from '@tanstack/react-query';
import { operationsQuery } from '../api/queries.ts';
import { operationsText as text } from '../text/operations.ts';

/** The operation of a resource that is at work, and those that wait behind it. */
export function OperationProgress({ resourceId }: { resourceId: string }) {
  const { data } = useQuery(operationsQuery({ resource_id: resourceId, per_page: 20 }));
  const open = data?.data.filter(({ terminal }) => !terminal).toReversed() ?? [];
  const [current, ...waiting] = open;
  return (
    <div className="card min-h-17 px-5 py-3.5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="font-medium">{current ? text.kind(current.kind) : text.atWork}</p>
        <p className="text-sm text-quiet">{current?.step ?? '\u00a0'}</p>
      </div>
      <Bar percent={current?.percent ?? 0} />
      {waiting.length > 0 && (
        <p className="mt-2 text-sm text-quiet">{text.waiting(waiting.map(({ kind }) => text.kind(kind)))}</p>
      )}
    </div>
  );
}

export function Bar({ percent }: { percent: number }) {
  return (
    <progress
      value={percent}
      max={100}
      aria-label={text.progress}
      className="mt-2 block h-1.5 w-full appearance-none overflow-hidden rounded-full [&::-moz-progress-bar]:bg-accent-fill [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:rounded-full [&::-webkit-progress-value]:bg-accent-fill [&::-webkit-progress-value]:transition-all"
    />
  );
}
