import { Link } from '@tanstack/react-router';
import { kindOf } from '../instances/kinds.ts';
import { common } from '../text/common.ts';
import { snapshotText as text } from '../text/snapshots.ts';
import { Tag } from '../ui/badge.tsx';
import { pathTo } from '../ui/path.ts';
import { actionColumn, type Column, Table } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import type { Snapshot } from './api.ts';
import { useSnapshotMenu } from './snapshot-menu.tsx';
import { DrillResult, SnapshotStatus, sizeOf } from './snapshot-parts.tsx';

const COLUMNS: readonly Column<Snapshot>[] = [
  {
    id: 'name',
    title: text.name,
    cell: ({ name, reason, description, error }) => (
      <div className="max-w-80 min-w-36">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-medium break-words">{name}</span>
          {reason !== 'manual' && <Tag>{text.reasons[reason] ?? reason}</Tag>}
        </p>
        {(error ?? description) && (
          <p className="text-sm break-words text-quiet">{error?.message ?? description}</p>
        )}
      </div>
    ),
  },
  {
    id: 'instance',
    title: text.of,
    cell: ({ kind, instance }) =>
      instance ? (
        <Link to={pathTo(kindOf(kind)!.path, instance.id, 'snapshots')} className="hover:underline">
          {instance.name}
        </Link>
      ) : (
        <span className="text-quiet">–</span>
      ),
  },
  {
    id: 'status',
    title: common.status,
    cell: ({ status }) => <SnapshotStatus status={status} />,
  },
  {
    id: 'drill',
    title: text.verified,
    from: 'md',
    cell: (snapshot) => <DrillResult snapshot={snapshot} />,
  },
  { id: 'size', title: text.size, right: true, from: 'sm', cell: ({ bytes }) => sizeOf(bytes) },
  {
    id: 'taken',
    title: text.taken,
    right: true,
    from: 'md',
    cell: ({ created_at }) => <AgoCell at={created_at} />,
  },
];

/** Snapshots of several instances, with all that can be done with them. */
export function SnapshotTable({ rows }: { rows: readonly Snapshot[] | undefined }) {
  const { menuOf, dialogs } = useSnapshotMenu();
  return (
    <>
      <Table
        caption={text.title}
        columns={[...COLUMNS, actionColumn(menuOf)]}
        rows={rows}
        idOf={({ kind, id }) => `${kind}-${id}`}
      />
      {dialogs}
    </>
  );
}
