import { useQuery } from '@tanstack/react-query';
import { Camera } from 'lucide-react';
import { KINDS } from '../instances/kinds.ts';
import { snapshotText as text } from '../text/snapshots.ts';
import { Empty, PageHeader } from '../ui/page.tsx';
import { snapshotsQuery } from './api.ts';
import { SnapshotTable } from './snapshot-table.tsx';

/** The snapshots of all instances. `kind` is in the address. */
export function SnapshotsPage({
  kind,
  onKind,
}: {
  kind: string | undefined;
  onKind: (kind: string | undefined) => void;
}) {
  const { data } = useQuery(snapshotsQuery());
  const rows = data?.filter((one) => !kind || one.kind === kind);
  return (
    <>
      <PageHeader title={text.title} about={text.about} />
      <div className="card overflow-hidden">
        {data?.length === 0 ? (
          <Empty icon={<Camera />} title={text.emptyTitle}>
            {text.emptyList}
          </Empty>
        ) : (
          <>
            <div className="flex min-h-15 items-center border-b border-line px-5 py-3">
              <select
                aria-label={text.of}
                className="control w-auto"
                value={kind ?? ''}
                onChange={({ target }) => onKind(target.value || undefined)}
              >
                <option value="">{text.allKinds}</option>
                {KINDS.map((one) => (
                  <option key={one.name} value={one.name}>
                    {one.text.title}
                  </option>
                ))}
              </select>
            </div>
            <SnapshotTable rows={rows} withInstance />
          </>
        )}
      </div>
    </>
  );
}
