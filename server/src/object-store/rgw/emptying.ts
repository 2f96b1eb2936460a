import { DataPlaneError } from '../../dataplane/contract/errors.ts';
import type { Progress } from '../../lib/progress.ts';
import type { BucketSize } from '../contract.ts';
import { isPathSafe } from '../objects.ts';
import { encode, type GatewayClient, type S3Keys } from './client.ts';
import { all, element, parseXml, textOf, type XmlNode } from './xml.ts';

interface Version {
  Key: string;
  VersionId: string;
}

/** Objects in one request: the most that S3 takes. */
const BATCH = 1000;

const versionsIn = (page: XmlNode): Version[] =>
  [...all(page, 'Version'), ...all(page, 'DeleteMarker')].map((node) => ({
    Key: textOf(node, 'Key') ?? '',
    VersionId: textOf(node, 'VersionId') ?? 'null',
  }));

/** Whether the bucket has any object, version or delete marker. */
export async function holdsObjects(client: GatewayClient, keys: S3Keys, name: string): Promise<boolean> {
  const query = { versions: '', 'max-keys': 1 };
  const page = parseXml(await client.s3(keys, { method: 'GET', path: `/${name}`, query }));
  return versionsIn(page).length > 0;
}

/** What the first page of a listing holds, which is all of a bucket that was hardly written to. */
export async function countFirst(client: GatewayClient, keys: S3Keys, name: string): Promise<BucketSize> {
  const query = { versions: '', 'max-keys': BATCH };
  const page = parseXml(await client.s3(keys, { method: 'GET', path: `/${name}`, query }));
  const sizes = all(page, 'Version').map((node) => Number(textOf(node, 'Size') ?? 0));
  return {
    objectCount: versionsIn(page).length,
    sizeBytes: sizes.reduce((total, size) => total + size, 0),
  };
}

/** Deletes all objects of a bucket with their versions. */
export class Emptying {
  readonly #client: GatewayClient;
  readonly #keys: S3Keys;
  readonly #name: string;

  constructor(client: GatewayClient, keys: S3Keys, name: string) {
    this.#client = client;
    this.#keys = keys;
    this.#name = name;
  }

  /** `total`: how many there are, for the progress. Throws `invalid` where some are retained; the others are gone then. */
  async run(total: number, progress: Progress): Promise<void> {
    let deleted = 0;
    let retained = 0;
    let marker: { 'key-marker'?: string | undefined; 'version-id-marker'?: string | undefined } = {};
    for (;;) {
      const query = { versions: '', 'max-keys': BATCH, ...marker };
      const page = parseXml(await this.#client.s3(this.#keys, { method: 'GET', path: this.#path, query }));
      const versions = versionsIn(page);
      if (versions.length > 0) {
        const kept = await this.#delete(versions);
        retained += kept;
        deleted += versions.length - kept;
        progress(
          `Deleted ${deleted} objects`,
          Math.min(99, Math.floor((100 * deleted) / Math.max(total, deleted))),
        );
      }
      if (textOf(page, 'IsTruncated') !== 'true') break;
      marker = {
        'key-marker': textOf(page, 'NextKeyMarker'),
        'version-id-marker': textOf(page, 'NextVersionIdMarker'),
      };
    }
    await abortUploads(this.#client, this.#keys, this.#name);
    if (retained === 0) return;
    const objects = retained === 1 ? '1 object is' : `${retained} objects are`;
    throw new DataPlaneError('invalid', `${objects} kept by object lock, and cannot be deleted yet.`);
  }

  get #path(): string {
    return `/${this.#name}`;
  }

  /** Returns how many could not be deleted. */
  async #delete(versions: readonly Version[]): Promise<number> {
    const body = element('Delete', { Quiet: true, Object: versions.map((version) => ({ ...version })) });
    const sent = { method: 'POST', path: this.#path, query: { delete: '' }, body } as const;
    const answer = parseXml(await this.#client.s3(this.#keys, sent));
    const errors = all(answer, 'Error');
    const other = errors.find((error) => textOf(error, 'Code') !== 'AccessDenied');
    if (other) {
      const detail = `${textOf(other, 'Code')} for ${textOf(other, 'Key')}`;
      throw new DataPlaneError('failed', 'Not all objects could be deleted.', { detail, retryable: true });
    }
    return errors.length;
  }
}

/** Uploads of the bucket that were begun and not completed. */
export async function listUploads(
  client: GatewayClient,
  keys: S3Keys,
  name: string,
): Promise<{ uploads: { key: string; uploadId: string }[]; isPartial: boolean }> {
  const query = { uploads: '', 'max-uploads': BATCH };
  const page = parseXml(await client.s3(keys, { method: 'GET', path: `/${name}`, query }));
  const uploads = all(page, 'Upload').map((node) => ({
    key: textOf(node, 'Key') ?? '',
    uploadId: textOf(node, 'UploadId') ?? '',
  }));
  return { uploads, isPartial: textOf(page, 'IsTruncated') === 'true' };
}

/**
 * Gives up the uploads that were begun and not completed. Those whose key no path can name stay: the gateway removes
 * what is left of them with the bucket.
 */
export async function abortUploads(client: GatewayClient, keys: S3Keys, name: string): Promise<void> {
  for (;;) {
    const { uploads, isPartial } = await listUploads(client, keys, name);
    const named = uploads.filter(({ key }) => isPathSafe(key));
    for (const { key, uploadId } of named) {
      const path = objectPath(name, key);
      await client.s3(keys, { method: 'DELETE', path, query: { uploadId } });
    }
    if (!isPartial || named.length === 0) return;
  }
}

/** Of an object, for keys that are {@link isPathSafe}. */
export const objectPath = (bucket: string, key: string): string =>
  `/${bucket}/${key.split('/').map(encode).join('/')}`;
