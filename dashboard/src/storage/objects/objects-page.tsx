import { useQuery, useQueryClient } from '@tanstack/react-query';
import { FolderPlus, Trash2, Upload } from 'lucide-react';
import { useRef, useState } from 'react';
import { answerOf, api } from '../../api/client.ts';
import { objectsText as text } from '../../text/objects.ts';
import { Button } from '../../ui/button.tsx';
import { type Confirmation, ConfirmDialog, Dialog } from '../../ui/dialog.tsx';
import { Section } from '../../ui/page.tsx';
import { useRefusals } from '../../ui/refusals.ts';
import { tellSuccess } from '../../ui/toast.tsx';
import { useBucket } from '../bucket-frame.tsx';
import { bucketAt } from '../bucket-queries.ts';
import { FolderForm } from './folder-form.tsx';
import { FolderPath, ObjectTable } from './object-table.tsx';
import { objectsQuery } from './queries.ts';
import type { ObjectsSearch } from './search.ts';
import { UploadList } from './upload-list.tsx';
import { addUploads } from './uploads.ts';

/** The files of a bucket, by folder. Which one, and where in it, is in the address. */
export function ObjectsPage({
  id,
  search,
  onSearch,
}: {
  id: string;
  search: ObjectsSearch;
  onSearch: (search: ObjectsSearch) => void;
}) {
  const { folder = '' } = search;
  const { data, error } = useQuery(objectsQuery(id, search));
  const { change: cannotWrite, remove: cannotDelete } = useRefusals();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const [isMaking, setMaking] = useState(false);
  const remove = useRemoval(id, () => setSelected(new Set()));
  const open = (next: ObjectsSearch) => {
    setSelected(new Set());
    onSearch(next);
  };
  const chosen = [...selected].filter((key) => data?.data.some((one) => one.key === key));
  return (
    <div className="flex flex-col gap-6">
      <DropArea blocked={Boolean(cannotWrite)} onFiles={(files) => addUploads(id, folder, files)}>
        <Section
          title={<FolderPath folder={folder} onOpen={open} />}
          flush
          actions={
            <>
              {chosen.length > 0 && (
                <Button
                  icon={<Trash2 />}
                  blocked={cannotDelete}
                  onClick={() => setConfirmation(remove(chosen))}
                >
                  {`${text.delete} (${text.selected(chosen.length)})`}
                </Button>
              )}
              <Button icon={<FolderPlus />} blocked={cannotWrite} onClick={() => setMaking(true)}>
                {text.newFolder}
              </Button>
              <UploadButton blocked={cannotWrite} onFiles={(files) => addUploads(id, folder, files)} />
            </>
          }
        >
          {error ? (
            <p className="p-5 text-bad">{error.message}</p>
          ) : (
            <ObjectTable
              {...{ bucket: id, folder, page: data, selected, onSelect: setSelected, onOpen: open }}
              cannotDelete={cannotDelete}
              onRemove={(key) => setConfirmation(remove([key]))}
            />
          )}
          <Pages search={search} next={data?.next_cursor ?? null} onOpen={open} />
        </Section>
      </DropArea>
      <UploadList bucket={id} />
      <Dialog open={isMaking} onClose={() => setMaking(false)} title={text.newFolder}>
        <FolderForm bucket={id} folder={folder} onDone={() => setMaking(false)} />
      </Dialog>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </div>
  );
}

/** Files in one request, at most. */
const BATCH = 50;

function useRemoval(id: string, onDone: () => void): (keys: readonly string[]) => Confirmation {
  const client = useQueryClient();
  const { versioning_enabled: versions } = useBucket(id);
  return (keys) => ({
    title: text.deleteTitle(keys.length),
    about: `${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ', …' : ''}. ${text.deleteAbout(versions)}`,
    action: text.delete,
    danger: true,
    async run() {
      for (let from = 0; from < keys.length; from += BATCH) {
        const sent = { ...bucketAt(id), body: { keys: keys.slice(from, from + BATCH) } };
        tellSuccess((await answerOf(api.POST('/storage/buckets/{bucket}/objects/delete', sent))).message);
      }
      await client.invalidateQueries({ queryKey: ['bucket', id] });
      onDone();
    },
  });
}

interface Receiver {
  blocked: string | null;
  onFiles: (files: readonly File[]) => void;
}

function UploadButton({ blocked, onFiles }: Receiver) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={text.upload}
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          // The same file can be chosen again.
          target.value = '';
        }}
      />
      <Button look="primary" icon={<Upload />} blocked={blocked} onClick={() => input.current?.click()}>
        {text.upload}
      </Button>
    </>
  );
}

/** Takes files that are dropped on it. Folders among them are left out, as browsers give them no content. */
function DropArea({
  blocked,
  onFiles,
  children,
}: Omit<Receiver, 'blocked'> & { blocked: boolean; children: React.ReactNode }) {
  const [isOver, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: whoever uses the keyboard has the button
    <div
      className={isOver ? 'rounded-xl outline-2 outline-offset-2 outline-accent' : ''}
      onDragOver={(event) => {
        if (blocked || !event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        if (blocked) return;
        event.preventDefault();
        const items = [...event.dataTransfer.items];
        const files = items
          .filter((item) => !item.webkitGetAsEntry?.()?.isDirectory)
          .flatMap((item) => item.getAsFile() ?? []);
        onFiles(files);
      }}
    >
      {children}
    </div>
  );
}

function Pages({
  search: { folder, after },
  next,
  onOpen,
}: {
  search: ObjectsSearch;
  next: string | null;
  onOpen: (search: ObjectsSearch) => void;
}) {
  if (after === undefined && next === null) return null;
  return (
    <nav aria-label={text.pages} className="flex justify-end gap-2 border-t border-line px-5 py-3">
      {after !== undefined && <Button onClick={() => onOpen({ folder })}>{text.first}</Button>}
      {next !== null && <Button onClick={() => onOpen({ folder, after: next })}>{text.next}</Button>}
    </nav>
  );
}
