import { Readable } from 'node:stream';
import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import { uuidv7 } from '../../lib/ids.ts';
import type { BucketRef } from '../contract.ts';
import type { Content, ObjectPage, StoreObjects, UploadRef } from '../objects.ts';
import { type Outcome, put, remove } from './client.ts';
import type { StoreCore } from './core.ts';
import type { SimBucket } from './world.ts';

/** Bytes of an object that are kept, until the process ends; of larger ones, only how many there were. */
const KEPT = 1_048_576;

interface Bytes {
  sizeBytes: number;
  /** Null: not kept. */
  content: Buffer | null;
}

interface Upload {
  bucket: string;
  key: string;
  parts: Map<number, Bytes & { etag: string }>;
}

/** The simulated store's objects, for people. */
export function simObjects(core: StoreCore): StoreObjects {
  /** By bucket and key. */
  const contents = new Map<string, Buffer>();
  return { ...reading(core, contents), ...uploads(core, contents) };
}

const nameOf = ({ name }: BucketRef, key: string): string => `${name}\n${key}`;

function reading(
  core: StoreCore,
  contents: Map<string, Buffer>,
): Pick<StoreObjects, 'listObjects' | 'openObject' | 'putObject' | 'removeObjects'> {
  return {
    listObjects: (ref, wanted) =>
      core.verb('listObjects', ref, () => {
        const bucket = core.bucketOf(ref);
        return bucket ? pageOf(bucket, wanted) : null;
      }),
    openObject: (ref, key) =>
      core.verb('openObject', ref, () => {
        const object = core.bucketOf(ref)?.objects.findLast((one) => one.key === key);
        if (!object) return null;
        const { sizeBytes } = object;
        const content = contents.get(nameOf(ref, key));
        const isKept = content?.length === sizeBytes;
        return { sizeBytes, body: isKept ? Readable.from([content]) : Readable.from(zeros(sizeBytes)) };
      }),
    async putObject(ref, key, content) {
      const bytes = await read(content);
      await core.verb('putObject', ref, () => write(core, contents, ref, { key, ...bytes }));
    },
    removeObjects: (ref, keys) =>
      core.verb('removeObjects', ref, () =>
        keys.filter((key) => {
          const isGone = remove(core, need(core, ref), key) === 'ok';
          if (isGone) contents.delete(nameOf(ref, key));
          return !isGone;
        }),
      ),
  };
}

function uploads(
  core: StoreCore,
  contents: Map<string, Buffer>,
): Pick<StoreObjects, 'beginUpload' | 'putPart' | 'completeUpload' | 'abortUpload'> {
  const begun = new Map<string, Upload>();
  const find = (ref: BucketRef, { key, uploadId }: UploadRef): Upload => {
    const upload = begun.get(uploadId);
    if (upload?.key !== key || upload.bucket !== ref.name) throw gone();
    return upload;
  };
  return {
    beginUpload: (ref, key) =>
      core.verb('beginUpload', ref, () => {
        need(core, ref);
        const id = uuidv7();
        begun.set(id, { bucket: ref.name, key, parts: new Map() });
        return id;
      }),
    async putPart(ref, upload, number, content) {
      const bytes = await read(content);
      return core.verb('putPart', ref, () => {
        const etag = `"${uuidv7()}"`;
        find(ref, upload).parts.set(number, { ...bytes, etag });
        return etag;
      });
    },
    completeUpload: (ref, upload, named) =>
      core.verb('completeUpload', ref, () => {
        const { key, parts } = find(ref, upload);
        const all = named.map(({ number, etag }) => {
          const part = parts.get(number);
          if (part?.etag === etag) return part;
          throw new DataPlaneError(
            'invalid',
            'A part is missing, or was written anew since. Send the upload again.',
          );
        });
        const sizeBytes = all.reduce((sum, part) => sum + part.sizeBytes, 0);
        const content = Buffer.concat(all.flatMap((part) => part.content ?? []));
        write(core, contents, ref, {
          key,
          sizeBytes,
          content: content.length === sizeBytes ? content : null,
        });
        begun.delete(upload.uploadId);
      }),
    abortUpload: (ref, { uploadId }) =>
      core.verb('abortUpload', ref, () => {
        if (begun.get(uploadId)?.bucket === ref.name) begun.delete(uploadId);
      }),
  };
}

/** As S3 lists: in the order of keys, with all that has one folder in common as one item. */
function pageOf(
  { objects }: SimBucket,
  { prefix, after, limit }: { prefix: string; after: string | null; limit: number },
): ObjectPage {
  const newest = new Map(objects.map((object) => [object.key, object]));
  const items = new Map<string, string | null>();
  for (const key of newest.keys()) {
    if (!key.startsWith(prefix)) continue;
    const end = key.indexOf('/', prefix.length);
    items.set(end === -1 ? key : key.slice(0, end + 1), end === -1 ? key : null);
  }
  const following = [...items]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .filter(([name]) => after === null || Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0);
  const page = following.slice(0, limit);
  return {
    objects: page.flatMap(([, key]) => {
      const object = key === null ? undefined : newest.get(key);
      if (!object) return [];
      const { sizeBytes, modifiedAt } = object;
      return [{ key: object.key, sizeBytes, modifiedAt: modifiedAt ? new Date(modifiedAt) : null }];
    }),
    folders: page.flatMap(([name, key]) => (key === null ? [name] : [])),
    next: following.length > limit ? (page.at(-1)?.[0] ?? null) : null,
  };
}

function write(
  core: StoreCore,
  contents: Map<string, Buffer>,
  ref: BucketRef,
  { key, sizeBytes, content }: Bytes & { key: string },
): void {
  const outcome: Outcome = put(core, need(core, ref), { key, sizeBytes });
  if (outcome !== 'ok') {
    throw new DataPlaneError('invalid', 'The bucket, or all buckets of the team together, are full.', {
      detail: outcome,
    });
  }
  if (content) contents.set(nameOf(ref, key), content);
  else contents.delete(nameOf(ref, key));
}

/** Throws `invalid` where the body has another length than it says. */
async function read({ body, sizeBytes }: Content): Promise<Bytes> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += (chunk as Buffer).length;
    if (length <= KEPT) chunks.push(chunk as Buffer);
  }
  if (length !== sizeBytes) throw new DataPlaneError('invalid', 'The body has another length than it says.');
  return { sizeBytes, content: length <= KEPT ? Buffer.concat(chunks) : null };
}

function* zeros(sizeBytes: number): Generator<Buffer> {
  const block = Buffer.alloc(65_536);
  for (let left = sizeBytes; left > 0; left -= block.length)
    yield block.subarray(0, Math.min(left, block.length));
}

function need(core: StoreCore, ref: BucketRef): SimBucket {
  const bucket = core.bucketOf(ref);
  if (bucket) return bucket;
  throw gone();
}

const gone = (): DataPlaneError => new DataPlaneError('not_found', 'It is not there any more.');
