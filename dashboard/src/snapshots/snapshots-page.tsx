import { useQuery } from '@tanstack/react-query';
import { Camera } from 'lucide-react';
import { KINDS } from '../instances/kinds.ts';
import { snapshotText as text } from '../text/snapshots.ts';
import { FilterSelect } from '../ui/filter.tsx';
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
          <SnapshotTable
            rows={rows}
            filter={
              <FilterSelect
                label={text.of}
                value={kind}
                onValue={onKind}
                all={text.allKinds}
                options={KINDS.map((one) => [one.name, one.text.title])}
              />
            }
          />
        )}
      </div>
    </>
  );
}
