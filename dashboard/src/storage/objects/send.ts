import { putBytes } from '../../api/bytes.ts';
import { ApiError, answerOf, api } from '../../api/client.ts';
import { bucketAt } from '../bucket-queries.ts';
import { contentPath } from './queries.ts';

/** Files up to this size are sent at once, in bytes. */
const AT_ONCE = 8 * 1024 ** 2;
/** How often a part is sent again after a broken connection, or where the server has no room for it yet. */
const TRIES = 4;
const PAUSE_MS = 2000;

export interface Sending {
  bucket: string;
  key: string;
  file: File;
  /** A share from 0 to 1. */
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

/** The largest file that there can be parts of. */
export const MAX_BYTES = 10_000 * AT_ONCE;

/** Uploads a file; one that is large in parts, each of which is tried again. Nothing of it is left where it fails. */
export async function sendFile(sending: Sending): Promise<void> {
  if (sending.file.size > AT_ONCE) return sendParts(sending);
  const { bucket, key, file, onProgress, signal } = sending;
  const path = contentPath(bucket, { key, ...typeOf(file) });
  await again(signal, () =>
    putBytes(path, file, { signal, onProgress: (sent) => onProgress(sent / Math.max(file.size, 1)) }),
  );
}

async function sendParts({ bucket, key, file, onProgress, signal }: Sending): Promise<void> {
  const at = bucketAt(bucket);
  const begin = { ...at, body: { key, ...typeOf(file) } };
  const begun = await answerOf(api.POST('/storage/buckets/{bucket}/objects/uploads', begin));
  const { upload_id, part_bytes } = begun;
  try {
    const parts: { part_number: number; etag: string }[] = [];
    for (let from = 0; from < file.size; from += part_bytes) {
      const part_number = parts.length + 1;
      const path = contentPath(bucket, { key, upload_id, part_number: String(part_number) });
      const onPart = (sent: number) => onProgress((from + sent) / file.size);
      const { etag } = await again(signal, () =>
        putBytes<{ etag: string }>(path, file.slice(from, from + part_bytes), { signal, onProgress: onPart }),
      );
      parts.push({ part_number, etag });
    }
    await answerOf(
      api.POST('/storage/buckets/{bucket}/objects/uploads/complete', {
        ...at,
        body: { key, upload_id, parts },
      }),
    );
  } catch (error) {
    const abort = { ...at, body: { key, upload_id } };
    // Where that fails as well, the bucket tells of incomplete uploads.
    await answerOf(api.POST('/storage/buckets/{bucket}/objects/uploads/abort', abort)).catch(() => undefined);
    throw error;
  }
}

/** The type that the browser gives a file, where it gives one that the server takes. */
const typeOf = ({ type }: File): { media_type?: string } =>
  /^[a-z0-9][a-z0-9.+-]{0,62}\/[a-z0-9][a-z0-9.+-]{0,62}$/i.test(type) ? { media_type: type } : {};

async function again<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      const passes =
        error instanceof TypeError || (error instanceof ApiError && [429, 503].includes(error.status));
      if (!passes || signal.aborted || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * tries));
    }
  }
}
