import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { kindOf } from '../instances/kinds.ts';
import { common } from '../text/common.ts';
import { snapshotText as text } from '../text/snapshots.ts';
import { Tag } from '../ui/badge.tsx';
import { ListTable } from '../ui/list-table.tsx';
import { pathTo } from '../ui/path.ts';
import { actionColumn, type Column } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import type { Snapshot } from './api.ts';
import { useSnapshotMenu } from './snapshot-menu.tsx';
import { DrillResult, SnapshotStatus, sizeOf } from './snapshot-parts.tsx';

const COLUMNS: readonly Column<Snapshot>[] = [
  {
    id: 'name',
    title: text.name,
    sort: ({ name }) => name,
    cell: ({ name, reason, description, error }) => (
      <div className="max-w-40 min-w-28 sm:max-w-80">
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
    sort: ({ instance }) => instance?.name ?? '',
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
    sort: ({ status }) => status,
    cell: ({ status }) => <SnapshotStatus status={status} />,
  },
  {
    id: 'drill',
    title: text.verified,
    from: 'md',
    cell: (snapshot) => <DrillResult snapshot={snapshot} />,
  },
  {
    id: 'size',
    title: text.size,
    right: true,
    from: 'sm',
    sort: ({ bytes }) => bytes,
    cell: ({ bytes }) => sizeOf(bytes),
  },
  {
    id: 'taken',
    title: text.taken,
    right: true,
    from: 'md',
    sort: ({ created_at }) => created_at,
    cell: ({ created_at }) => <AgoCell at={created_at} />,
  },
];

/** Snapshots of several instances, with all that can be done with them. */
export function SnapshotTable({
  rows,
  filter,
}: {
  rows: readonly Snapshot[] | undefined;
  /** What narrows it besides the text that is searched for. */
  filter: ReactNode;
}) {
  const { menuOf, dialogs } = useSnapshotMenu();
  return (
    <>
      <ListTable
        caption={text.title}
        columns={[...COLUMNS, actionColumn(menuOf)]}
        rows={rows}
        idOf={({ kind, id }) => `${kind}-${id}`}
        textOf={({ name, instance }) => `${name} ${instance?.name ?? ''}`}
        filter={filter}
      />
      {dialogs}
    </>
  );
}
