import type { components } from '@danube/client/schema';
import { Archive, Download, File, Folder, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { common } from '../../text/common.ts';
import { objectsText as text } from '../../text/objects.ts';
import { Button, buttonClass, IconButton } from '../../ui/button.tsx';
import { Empty } from '../../ui/page.tsx';
import { formatValue } from '../../ui/quantity.ts';
import { actionColumn, type Column, Table } from '../../ui/table.tsx';
import { AgoCell } from '../../ui/time.tsx';
import { contentPath, isUsable, shortName } from './queries.ts';
import type { ObjectsSearch } from './search.ts';

type Page = components['schemas']['BucketObjectList'];

interface Row {
  key: string;
  /** Undefined: a folder. */
  file?: Page['data'][number];
}

interface Props {
  bucket: string;
  folder: string;
  /** Undefined until it is there. */
  page: Page | undefined;
  selected: ReadonlySet<string>;
  onSelect: (keys: ReadonlySet<string>) => void;
  onOpen: (search: ObjectsSearch) => void;
  onRemove: (key: string) => void;
  cannotDelete: string | null;
}

/** The folders and files of a page, folders first. */
export function ObjectTable(props: Props) {
  const { folder, page, selected, onSelect } = props;
  const rows = page && [
    ...page.folders.map((key): Row => ({ key })),
    ...page.data.map((file): Row => ({ key: file.key, file })),
  ];
  if (rows?.length === 0) {
    return (
      <Empty icon={<Archive />} title={text.empty}>
        {text.emptyAbout} {text.drop}
      </Empty>
    );
  }
  const files = new Set(page?.data.map(({ key }) => key));
  return (
    <Table
      caption={text.title}
      columns={columnsOf(props)}
      rows={rows}
      idOf={({ key }) => key}
      selection={{
        ...{ selected, onSelect },
        // Folders are no objects: what is in them is deleted there.
        can: (key) => files.has(key),
        label: (key) => common.select(shortName(key, folder) || key),
      }}
    />
  );
}

const columnsOf = (props: Props): readonly Column<Row>[] => [
  { id: 'name', title: text.name, cell: (row) => <Name {...props} row={row} /> },
  {
    id: 'size',
    title: text.size,
    right: true,
    cell: ({ file }) => (file ? formatValue(file.size_bytes, 'bytes') : '–'),
  },
  {
    id: 'modified',
    title: text.modified,
    right: true,
    from: 'md',
    cell: ({ file }) => <AgoCell at={file?.modified_at} />,
  },
  actionColumn((row) => <Actions {...props} row={row} />),
];

function Name({ folder, onOpen, row: { key, file } }: Props & { row: Row }) {
  const name = shortName(key, folder) || text.folder;
  return (
    <span className="flex min-w-32 items-center gap-2 [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-quiet">
      {file ? <File aria-hidden /> : <Folder aria-hidden />}
      {!file && <span className="sr-only">{text.folder}</span>}
      {file ? (
        <span className="break-all">{name}</span>
      ) : (
        <button
          type="button"
          className="min-h-6 text-left font-medium break-all hover:underline"
          onClick={() => onOpen({ folder: key })}
        >
          {name}
        </button>
      )}
    </span>
  );
}

function Actions({ bucket, folder, onRemove, cannotDelete, row: { key, file } }: Props & { row: Row }) {
  if (!file) return null;
  const name = shortName(key, folder) || key;
  const label = text.download(name);
  return (
    <span className="inline-flex">
      {isUsable(key) ? (
        // The server says that it is saved, and shows it in no tab.
        <a
          href={`/api/v1${contentPath(bucket, { key })}`}
          download
          aria-label={label}
          data-tip={label}
          className={buttonClass('ghost', 'w-9 px-0')}
        >
          <Download />
        </a>
      ) : (
        <IconButton label={label} blocked={text.unusable}>
          <Download />
        </IconButton>
      )}
      <IconButton label={`${text.delete}: ${name}`} blocked={cannotDelete} onClick={() => onRemove(key)}>
        <Trash2 />
      </IconButton>
    </span>
  );
}

/** The folder that is shown, with the way back through those it is in. */
export function FolderPath({
  folder,
  onOpen,
}: {
  folder: string;
  onOpen: (search: ObjectsSearch) => void;
}): ReactNode {
  const parts = folder.split('/').slice(0, -1);
  const folders = parts.map((name, index) => ({
    name,
    path: `${parts.slice(0, index + 1).join('/')}/`,
  }));
  return (
    <span className="flex flex-wrap items-center gap-1">
      <Step name={text.root} isLast={folders.length === 0} onOpen={() => onOpen({})} />
      {folders.map(({ name, path }, index) => (
        <span key={path} className="flex items-center gap-1">
          <span aria-hidden className="text-quiet">
            /
          </span>
          <Step
            name={name || '/'}
            isLast={index === folders.length - 1}
            onOpen={() => onOpen({ folder: path })}
          />
        </span>
      ))}
    </span>
  );
}

function Step({ name, isLast, onOpen }: { name: string; isLast: boolean; onOpen: () => void }) {
  if (isLast) return <span className="break-all">{name}</span>;
  return (
    <Button look="ghost" className="h-7 max-w-64 px-1.5 break-all" onClick={onOpen}>
      {name}
    </Button>
  );
}
