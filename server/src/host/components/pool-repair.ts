import { rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { IncusClient } from '../../dataplane/incus/client.ts';
import { IncusError } from '../../dataplane/incus/errors.ts';
import { tryToWrite } from '../../dataplane/incus/write-probe.ts';
import { readStateFile, writeStateFile } from '../../lib/state-file.ts';
import { gigabytes } from '../verdict.ts';
import { withIncus } from './incus-connection.ts';
import { mountAnew } from './pool-mount.ts';

/** Bytes that must be free on the disk of the pool's file: with less, Btrfs would soon be read-only again. */
export const ROOM_TO_REPAIR = 512 * 1024 ** 2;
/** Seconds that Incus gets to end or start an instance. */
const PATIENCE = 60;

export interface Pool {
  socket: string;
  name: string;
  mount: string;
  /** The file behind it. */
  image: string;
  /** Notes the instances that are to be started again, in case Danube ends in the middle of a repair. */
  notes: string;
  log(message: string): void;
}

interface IncusInstance {
  name: string;
  project: string;
  status: string;
  expanded_devices: Record<string, { type?: string; pool?: string }>;
}

type Member = Pick<IncusInstance, 'name' | 'project'>;

/**
 * Makes a pool writable again that Btrfs has made read-only, once its disk has room: stops the instances that are on it,
 * whose files cannot change anyway, mounts it anew, and starts them. Throws as long as there is no room, or where it did
 * not work; may be repeated then.
 */
export async function repairPool(pool: Pool): Promise<void> {
  const free = await freeBytes(pool.image);
  if (free < ROOM_TO_REPAIR) {
    throw new Error(
      `it takes no writes; ${gigabytes(free)} are free in ${path.dirname(pool.image)}, and ${gigabytes(ROOM_TO_REPAIR)} ` +
        'are needed to mend it',
    );
  }
  await withIncus({ socketPath: pool.socket }, async (client) => {
    const running = (await listInstances(client, pool.name)).filter(({ status }) => status !== 'Stopped');
    // Also those of an attempt that failed, or of a Danube that ended.
    const noted = unique([...(await readNotes(pool)), ...running]);
    await writeNotes(pool.notes, noted);
    pool.log(`The storage pool is read-only, and is mounted anew: ${running.length} instances stop for that`);
    await Promise.all(running.map((instance) => setPower(client, instance, 'stop')));
    await mountAnew(pool.mount, pool.image);
    const refusal = await tryToWrite(pool.mount);
    if (refusal) throw new Error(`it was mounted anew, and still takes no writes (${refusal})`);
    pool.log('The storage pool is mounted anew, and takes writes again');
  });
}

/** Starts the instances that a repair has stopped. Throws where some did not start: those are tried again by the next call. */
export async function startAgain(pool: Pool): Promise<void> {
  const { socket, notes, log } = pool;
  const stopped = await readNotes(pool);
  if (stopped.length === 0) return;
  const failed: Member[] = [];
  const reasons: string[] = [];
  await withIncus({ socketPath: socket }, async (client) => {
    for (const instance of stopped) {
      try {
        await setPower(client, instance, 'start');
      } catch (error) {
        failed.push(instance);
        reasons.push(`${instance.name}: ${(error as Error).message}`);
      }
    }
  });
  log(`${stopped.length - failed.length} of ${stopped.length} instances run again`);
  if (failed.length === 0) return rm(notes, { force: true });
  await writeNotes(notes, failed);
  throw new Error(`instances did not start again: ${reasons.join('; ')}`);
}

async function freeBytes(image: string): Promise<number> {
  const { bavail, bsize } = await statfs(path.dirname(image));
  return bavail * bsize;
}

async function listInstances(client: IncusClient, pool: string): Promise<IncusInstance[]> {
  const query = { 'all-projects': 'true', recursion: '1' };
  const all = await client.get<IncusInstance[]>('/1.0/instances', { query });
  return all.filter(({ expanded_devices }) =>
    Object.values(expanded_devices).some((device) => device.type === 'disk' && device.pool === pool),
  );
}

/** What is gone, or as it should be already, is no failure: customers may delete, stop and start meanwhile. */
async function setPower(
  client: IncusClient,
  { name, project }: Member,
  action: 'start' | 'stop',
): Promise<void> {
  const body = { action, force: true, timeout: PATIENCE };
  try {
    await client.request('PUT', `/1.0/instances/${name}/state`, body, { query: { project } });
  } catch (error) {
    const done = error instanceof IncusError && /not found|already (running|stopped)/i.test(error.said);
    if (!done) throw error;
  }
}

/** Damaged ones cannot be used, and must not keep the pool from being mended. */
async function readNotes({ notes, log }: Pick<Pool, 'notes' | 'log'>): Promise<Member[]> {
  let isDamaged = false;
  const members = await readStateFile<Member[]>(notes, () => {
    isDamaged = true;
    return null;
  });
  if (isDamaged) {
    log(
      `${notes} is damaged: instances that a repair of the storage pool has stopped have to be started by hand`,
    );
    await rm(notes, { force: true });
  }
  return members ?? [];
}

const writeNotes = (file: string, members: readonly Member[]): Promise<void> =>
  writeStateFile(file, JSON.stringify(members), 0o600);

const unique = (members: readonly Member[]): Member[] => [
  ...new Map(members.map(({ name, project }) => [`${project}/${name}`, { name, project }])).values(),
];
