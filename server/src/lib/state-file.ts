import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';

/** What a killed write leaves beside its file. Nobody reads it, and the next write replaces it. */
export const unfinishedFile = (file: string): string => `${file}.new`;

/**
 * Writes a file that has to be whole after a kill or a loss of power: the old content stays until all of the new one is on
 * the disk. `mode` is for a file that is new as well.
 */
export async function writeStateFile(file: string, text: string, mode = 0o644): Promise<void> {
  const fresh = unfinishedFile(file);
  const handle = await open(fresh, 'w', mode);
  try {
    // One that was left over may have another mode.
    await handle.chmod(mode);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
  // The new name is in the folder, which has to be on the disk too.
  const folder = await open(path.dirname(file));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Reads a file of JSON; null where there is none. One that is not JSON, as an interrupted write of an earlier version may
 * have left it, is what `damaged` makes of it.
 */
export async function readStateFile<T>(
  file: string,
  damaged: (cause: unknown) => T | null,
): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    return damaged(cause);
  }
}
