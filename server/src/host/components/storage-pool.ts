import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { poolName } from '../../dataplane/incus/names.ts';
import {
  type PoolHealth,
  poolImage,
  poolMount,
  readDiskCounts,
  readPoolHealth,
  recountDisks,
  writableSpace,
} from '../../dataplane/incus/pool-health.ts';
import { tryToWrite, WriteProbe } from '../../dataplane/incus/write-probe.ts';
import type { HostComponent, HostContext } from '../component.ts';
import { fail, gigabytes, ok, RESTART, type Verdict, warn } from '../verdict.ts';
import { incus } from './incus.ts';
import { localIncus, usesLocalIncus, withIncus } from './incus-connection.ts';
import { findIncusd, waitForIncus } from './incus-daemon.ts';
import { type Pool, ROOM_TO_REPAIR, repairPool, startAgain } from './pool-repair.ts';

/** Instances that a repair has stopped, and that are to be started again. */
const NOTES = 'pool-repair.json';

/** The install's own btrfs pool in the Incus of this host: mounted, and enforcing disk sizes. Removed with Incus. */
export const storagePool: HostComponent = {
  name: 'Storage pool',
  packages: () => [{ name: 'btrfs-progs', proof: '/usr/bin/btrfs' }],
  entries: [NOTES],
  after: [incus],
  appliesTo: usesLocalIncus,
  create(context) {
    const { config, installId, incus: whose } = context;
    const { socket, log } = localIncus(config.home, whose);
    const pool = poolName(installId);
    const mount = mountOf(context);
    const countAnew = keepCounting(mount, context.log);
    const writes = new WriteProbe(mount);
    const whole: Pool = {
      socket,
      name: pool,
      mount,
      image: imageOf(context),
      notes: notesOf(config.home),
      log: context.log,
    };
    return {
      title: 'Starting Incus and its storage pool',
      // At later starts Incus comes up in the background: the API serves meanwhile, and workflows wait.
      background: existsSync(imageOf(context)),
      async ensure() {
        await waitForIncus(socket, whose === 'host' ? null : findIncusd(config.home), log);
        await ensurePool(socket, pool, config.home);
        // Also where an attempt has left it unmounted.
        const isBroken = existsSync(whole.image) && !(await readPoolHealth(mount)).mounted;
        if (isBroken || (await tryToWrite(mount)) === 'read_only') await repairPool(whole);
        await countAnew(await readPoolHealth(mount));
        await startAgain(whole);
      },
      async isUp() {
        const health = await readPoolHealth(mount);
        if (!health.mounted || (await writes.refusal()) === 'read_only') return false;
        await countAnew(health);
        return true;
      },
      intervalMs: 1000,
    };
  },
  checks: [{ name: 'storage pool', look: check }],
};

const imageOf = ({ config, installId, incus: whose }: HostContext): string =>
  poolImage(localIncus(config.home, whose).folder, poolName(installId));

const notesOf = (home: string): string => path.join(home, NOTES);

const mountOf = ({ config, installId, incus: whose }: HostContext): string =>
  poolMount(localIncus(config.home, whose).folder, poolName(installId));

/**
 * Interval, in milliseconds, at which counters are checked that Btrfs itself reports as consistent. It costs a process.
 */
const LOOK_MS = 15_000;
/** A rescan reads all metadata of the pool, so rescans take at most a quarter of the time. */
const REST = 3;

/**
 * Rescans Btrfs's quota counters when they are wrong, which happens when disks are deleted while others are copied
 * (decision 28). Wrong counters enforce no limits, or keep a guest with free space from writing.
 */
export function keepCounting(
  mount: string,
  log: (message: string) => void,
): (health: PoolHealth) => Promise<void> {
  let looked = 0;
  let notBefore = 0;
  return async ({ quotaConsistent }) => {
    const began = Date.now();
    if (began < notBefore) return;
    if (quotaConsistent !== false) {
      if (began - looked < LOOK_MS) return;
      looked = began;
      if ((await readDiskCounts(mount))?.isRight !== false) return;
    }
    await recountDisks(mount);
    const took = Date.now() - began;
    notBefore = Date.now() + took * REST;
    log(`Btrfs's quota counters were wrong, and have been rescanned (${(took / 1000).toFixed(1)} s)`);
  };
}

const MIN_POOL_GB = 8;
/** Share of the space that is free at the first start: the file is sparse, and the rest of the host needs space too. */
const POOL_SHARE = 0.8;

/** Creates the pool where it is missing, on a sparse file that grows as instances fill it. */
async function ensurePool(socket: string, name: string, home: string): Promise<void> {
  await withIncus({ socketPath: socket }, async (client) => {
    if (await client.find(`/1.0/storage-pools/${name}`)) return;
    const { bavail, bsize } = await statfs(home);
    const size = Math.max(MIN_POOL_GB, Math.floor((bavail * bsize * POOL_SHARE) / 1024 ** 3));
    await client.request('POST', '/1.0/storage-pools', {
      name,
      driver: 'btrfs',
      description: 'Instances and images of Danube',
      config: { size: `${size}GiB` },
    });
  });
}

async function check(context: HostContext): Promise<Verdict> {
  const mount = mountOf(context);
  const health = await readPoolHealth(mount);
  if (!health.mounted) return fail(`not mounted at ${mount}`, RESTART);
  const refusal = await tryToWrite(mount);
  if (refusal === 'read_only') {
    return fail(
      'read-only: no instance can write',
      `Make room where its file is (${path.dirname(imageOf(context))}, ${gigabytes(ROOM_TO_REPAIR)} at least): a running ` +
        'Danube then mounts it anew, and stops and starts its instances for that.',
    );
  }
  if (refusal) return fail('a write to it failed', `See the kernel's log (dmesg) and the disk of ${mount}.`);
  if (health.quotaConsistent === false) {
    return fail(
      'btrfs no longer enforces disk sizes',
      `btrfs quota rescan -w ${mount} (a running Danube does it within seconds)`,
    );
  }
  const quotas = health.quotaConsistent ? ', quotas consistent' : '';
  const { totalBytes, freeBytes } = await writableSpace(health, imageOf(context));
  return judgeSpace(totalBytes, freeBytes, context.config.capacity.diskReservePercent, quotas);
}

/** How long before the reserve is reached `doctor` warns of it, in percent of the pool. */
const WARNING_PERCENT = 5;

/** What `doctor` says of the pool's space, of which `reservePercent` must stay free. `more` is added to what is free. */
export function judgeSpace(
  totalBytes: number,
  freeBytes: number,
  reservePercent: number,
  more: string,
): Verdict {
  const text = `${gigabytes(freeBytes)} of ${gigabytes(totalBytes)} free${more}`;
  const percent = (freeBytes / totalBytes) * 100;
  if (percent < Math.max(reservePercent, 2)) {
    return fail(
      `${text}: less than the reserve of ${reservePercent} %, so nothing new is stored`,
      'Delete snapshots or instances, or grow the pool: see docs/operations.md.',
    );
  }
  return percent < reservePercent + WARNING_PERCENT
    ? warn(text, 'Grow the pool soon: see docs/operations.md.')
    : ok(text);
}
