import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mountAt } from '../../lib/mounts.ts';
import type { WriteRefusal } from '../contract/capacity.ts';

/** What is written; random, so that it cannot be compressed to nothing. */
const BYTES = 16 * 1024;
/** Milliseconds after which a write is tried again. */
const MAX_AGE = 3_000;
/** Milliseconds for which a caller waits for a write where the outcome of another is known. */
const GLANCE = 1_000;
/** Milliseconds for which that outcome counts, and after which a write that does not end has failed. A busy disk takes seconds. */
const PATIENCE = 30_000;

const REFUSALS: Readonly<Record<string, WriteRefusal>> = {
  EROFS: 'read_only',
  ENOSPC: 'full',
  EDQUOT: 'full',
};

/** Finds out whether a file system takes writes, by writing a small file. */
export class WriteProbe {
  readonly #folder: string;
  readonly #patience: number;
  #known: { at: number; refusal: WriteRefusal | null } | null = null;
  #writing: { began: number; refusal: Promise<WriteRefusal | null> } | null = null;

  constructor(folder: string, patience = PATIENCE) {
    this.#folder = folder;
    this.#patience = patience;
  }

  /** Why a write of the last seconds failed; null where it worked. */
  async refusal(): Promise<WriteRefusal | null> {
    const known = this.#known;
    const age = performance.now() - (known?.at ?? Number.NEGATIVE_INFINITY);
    if (known && age < MAX_AGE) return known.refusal;
    // A write that hangs is not repeated until it has ended: each would take a thread with it.
    this.#writing ??= { began: performance.now(), refusal: this.#write() };
    const { began, refusal } = this.#writing;
    const late =
      known && age < this.#patience
        ? delay(GLANCE, known.refusal, { ref: false })
        : delay(Math.max(0, began + this.#patience - performance.now()), 'failed' as const, { ref: false });
    return Promise.race([refusal, late]);
  }

  async #write(): Promise<WriteRefusal | null> {
    try {
      const refusal = await tryToWrite(this.#folder);
      this.#known = { at: performance.now(), refusal };
      return refusal;
    } finally {
      this.#writing = null;
    }
  }
}

/** Writes a file into the folder, has it written to the disk, and removes it. Several processes may do so at once. */
export async function tryToWrite(folder: string): Promise<WriteRefusal | null> {
  const file = path.join(folder, '.danube-write');
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      await handle.write(randomBytes(BYTES));
      await handle.datasync();
    } finally {
      await handle.close();
      await rm(file, { force: true });
    }
    return null;
  } catch (error) {
    const known = REFUSALS[(error as NodeJS.ErrnoException).code ?? ''];
    // Btrfs that became read-only after an error may answer with that error.
    return known ?? (isReadOnly(folder) ? 'read_only' : 'failed');
  }
}

/** Whether what is mounted at this folder is read-only, as a mount or as a file system. */
function isReadOnly(folder: string): boolean {
  const mount = mountAt(folder);
  return mount !== undefined && [...mount.options, ...mount.fileSystemOptions].includes('ro');
}
