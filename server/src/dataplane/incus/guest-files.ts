import type { InstanceFile } from '../contract/compute.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { instancePath } from './lookup.ts';

/**
 * Writes the files, into an instance that runs or not. Incus writes in place: a reader at the wrong moment, or a kill
 * in the middle, finds half a file. So the guest must be able to tell; an archive can, by what it ends with.
 */
export async function writeFiles(
  context: IncusContext,
  ref: InstanceRef,
  files: readonly InstanceFile[],
): Promise<void> {
  const { path, query } = instancePath(context, ref);
  for (const file of files) {
    const headers = {
      // With any other type, Incus writes an empty file and calls that success.
      'content-type': 'application/octet-stream',
      'x-incus-type': 'file',
      'x-incus-write': 'overwrite',
      'x-incus-mode': file.mode,
      'x-incus-uid': '0',
      'x-incus-gid': '0',
    };
    await context.client.upload(
      `${path}/files`,
      { body: file.content, headers },
      { query: { ...query, path: file.path } },
    );
  }
}
