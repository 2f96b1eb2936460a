import { useSyncExternalStore } from 'react';
import { objectsText as text } from '../../text/objects.ts';
import { tellFailure } from '../../ui/toast.tsx';
import { MAX_BYTES, sendFile } from './send.ts';

export interface Upload {
  id: number;
  bucket: string;
  key: string;
  file: File;
  state: 'waiting' | 'sending' | 'done' | 'failed';
  /** A share from 0 to 1. */
  share: number;
  /** Why it has failed. */
  reason: string;
}

/** Files that are sent at the same time. */
const AT_ONCE = 2;

/** They go on while somebody looks at other pages. */
let uploads: readonly Upload[] = [];
let last = 0;
const listeners = new Set<() => void>();
const stops = new Map<number, AbortController>();

function change(next: readonly Upload[]): void {
  uploads = next;
  const isSending = uploads.some(({ state }) => state === 'waiting' || state === 'sending');
  // The browser asks before the tab is closed.
  window.onbeforeunload = isSending ? (event) => event.preventDefault() : null;
  for (const listener of listeners) listener();
}

const update = (id: number, changes: Partial<Upload>): void =>
  change(uploads.map((one) => (one.id === id ? { ...one, ...changes } : one)));

export function addUploads(bucket: string, folder: string, files: readonly File[]): void {
  const added = files.map((file): Upload => {
    last += 1;
    const isTooLarge = file.size > MAX_BYTES;
    return {
      ...{ id: last, bucket, key: `${folder}${file.name}`, file, share: 0 },
      state: isTooLarge ? 'failed' : 'waiting',
      reason: isTooLarge ? text.tooLarge : '',
    };
  });
  change([...uploads, ...added]);
  sendNext();
}

export function stopUpload(id: number): void {
  stops.get(id)?.abort(new Error(text.stopped));
  const upload = uploads.find((one) => one.id === id);
  if (upload?.state === 'waiting') update(id, { state: 'failed', reason: text.stopped });
}

export function repeatUpload(id: number): void {
  update(id, { state: 'waiting', share: 0, reason: '' });
  sendNext();
}

/** Forgets those that have ended. */
export const clearUploads = (bucket: string): void =>
  change(
    uploads.filter((one) => one.bucket !== bucket || one.state === 'waiting' || one.state === 'sending'),
  );

function sendNext(): void {
  const sending = uploads.filter(({ state }) => state === 'sending').length;
  for (const upload of uploads.filter(({ state }) => state === 'waiting').slice(0, AT_ONCE - sending))
    void send(upload);
}

async function send({ id, bucket, key, file }: Upload): Promise<void> {
  const stop = new AbortController();
  stops.set(id, stop);
  update(id, { state: 'sending' });
  try {
    const onProgress = (share: number) => update(id, { share });
    await sendFile({ bucket, key, file, onProgress, signal: stop.signal });
    update(id, { state: 'done', share: 1 });
  } catch (error) {
    update(id, { state: 'failed', reason: (error as Error).message });
    if (!stop.signal.aborted) tellFailure(error);
  } finally {
    stops.delete(id);
    sendNext();
  }
}

export function useUploads(bucket: string): readonly Upload[] {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => uploads,
  );
  return all.filter((one) => one.bucket === bucket);
}
