import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { PortRange } from '../instances/addresses.ts';
import { readStateFile, writeStateFile } from '../lib/state-file.ts';
import { withHostLock } from './lock.ts';
import { OperatorError } from './operator-error.ts';

/**
 * Installs on one host must not choose the same ranges of addresses and ports, even before they use them. Each install
 * registers its ranges here; an entry whose data directory is gone is ignored.
 */
const FOLDER = '/etc/danube/installs';

export interface InstallNote {
  installId: string;
  home: string;
  ipv4Pool: string;
  /** Missing where an older version of Danube created the install. */
  publicPorts?: PortRange;
}

const noteFile = (id: string): string => path.join(FOLDER, `${id}.json`);

/** The entries of the other installs on this host. */
export async function otherInstalls(installId: string): Promise<InstallNote[]> {
  if (!existsSync(FOLDER)) return [];
  const notes: InstallNote[] = [];
  for (const name of await readdir(FOLDER)) {
    if (!name.endsWith('.json') || name === `${installId}.json`) continue;
    const note = await readNote(path.join(FOLDER, name));
    if (note && existsSync(path.join(note.home, 'install.json'))) notes.push(note);
  }
  return notes;
}

/** Null where it has gone meanwhile. */
const readNote = (file: string): Promise<InstallNote | null> =>
  readStateFile(file, (cause) => {
    throw new OperatorError(
      `${file} is damaged, which says what ranges of addresses another install on this host uses.`,
      'Delete it if that install is gone. Otherwise write it anew, with `installId`, `ipv4Pool` and `publicPorts` of its ' +
        'install.json, and its data directory as `home`.',
      { cause },
    );
  });

export async function leaveNote(note: InstallNote): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeStateFile(noteFile(note.installId), `${JSON.stringify(note)}\n`);
}

/** Removes the entry, and the folders after the last one: not while another install is about to write its own. */
export const removeNote = (installId: string): Promise<void> =>
  withHostLock('ranges', async () => {
    await rm(noteFile(installId), { force: true });
    for (const folder of [FOLDER, path.dirname(FOLDER)]) {
      if (existsSync(folder) && (await readdir(folder)).length === 0) await rmdir(folder);
    }
  });
