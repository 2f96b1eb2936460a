import { RotateCw, X } from 'lucide-react';
import { objectsText as text } from '../../text/objects.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Section } from '../../ui/page.tsx';
import { clearUploads, repeatUpload, stopUpload, type Upload, useUploads } from './uploads.ts';

/** What is being sent to a bucket, and what was. */
export function UploadList({ bucket }: { bucket: string }) {
  const uploads = useUploads(bucket);
  if (uploads.length === 0) return null;
  return (
    <Section
      title={text.uploads}
      actions={<Button onClick={() => clearUploads(bucket)}>{text.clear}</Button>}
    >
      <ul className="flex flex-col gap-3" aria-live="polite">
        {uploads.map((upload) => (
          <Line key={upload.id} upload={upload} />
        ))}
      </ul>
    </Section>
  );
}

function Line({ upload }: { upload: Upload }) {
  const { id, key, state, share, reason } = upload;
  const percent = Math.floor(100 * share);
  const isOpen = state === 'waiting' || state === 'sending';
  const said = { waiting: text.waiting, sending: text.sending(percent), done: text.done, failed: reason }[
    state
  ];
  return (
    <li className="flex min-w-0 items-center gap-3">
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap justify-between gap-x-4">
          <span className="min-w-0 break-all">{key}</span>
          <span className={`text-sm ${state === 'failed' ? 'text-bad' : 'text-quiet'}`}>{said}</span>
        </div>
        {isOpen && (
          <progress
            value={percent}
            max={100}
            aria-label={text.progressOf(key)}
            className="mt-1 block h-1.5 w-full appearance-none overflow-hidden rounded-full [&::-moz-progress-bar]:bg-accent-fill [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent-fill"
          />
        )}
      </div>
      {isOpen && (
        <IconButton label={text.stop(key)} onClick={() => stopUpload(id)}>
          <X />
        </IconButton>
      )}
      {state === 'failed' && (
        <IconButton label={text.again(key)} onClick={() => repeatUpload(id)}>
          <RotateCw />
        </IconButton>
      )}
    </li>
  );
}
