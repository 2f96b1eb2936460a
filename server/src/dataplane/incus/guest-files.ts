import type { InstanceFile } from '../contract/compute.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { instancePath } from './lookup.ts';

/**
 * Writes files into an instance, running or stopped. Incus overwrites in place, so a concurrent reader, or one after a
 * kill, may find half a file. The guest must be able to detect that: an archive does so by its end marker.
 */
export async function writeFiles(
  context: IncusContext,
  ref: InstanceRef,
  files: readonly InstanceFile[],
): Promise<void> {
  const { path, query } = instancePath(context, ref);
  for (const file of files) {
    const headers = {
      // With any other content type, Incus writes an empty file and reports success.
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
