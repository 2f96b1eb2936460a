import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { Images } from '../dataplane/contract/images.ts';
import type { Database } from '../db/database.ts';
import { poolState } from '../instances/capacity.ts';
import { logFailure } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';
import type { Reconciler } from '../reconcilers/reconcilers.ts';
import { imageOf } from '../services/provider.ts';
import { PROVIDERS } from '../services/registry.ts';
import {
  type ImageBuild,
  planBuilds,
  readImageBuilds,
  recordBuilt,
  recordFailure,
  recordProgress,
  recordStop,
} from './build-records.ts';
import { DEFAULT_IMAGE } from './catalog.ts';
import { PLATFORM_IMAGES, RECIPES, SERVICE_IMAGES } from './recipes.ts';

/** Seconds between two looks at what is to be built, and between two notes of the progress. */
const INTERVAL = 15;
const NOTE = 2;

/** Seconds until a build is tried again: after the first failure, and at most. Each failure doubles them. */
const FIRST_PAUSE = 60;
const LONGEST_PAUSE = 6 * 3600;

/**
 * The images to build ahead, in order. The default image first, for a server; then the one that each engine has by
 * default, and the others. Those of the platform itself only where the setting names them.
 */
export function imagesToBuild(setting: 'all' | readonly string[]): readonly string[] {
  if (setting !== 'all') return setting.length === 0 ? [] : [...new Set([DEFAULT_IMAGE, ...setting])];
  const defaults = PROVIDERS.map((provider) => imageOf(provider, provider.versions[0]!.version));
  const all = [...RECIPES.keys()].filter((name) => !PLATFORM_IMAGES.includes(name));
  return [...new Set([DEFAULT_IMAGE, ...defaults, ...SERVICE_IMAGES, ...all])];
}

interface Dependencies {
  database: Database;
  plane: Images;
  log: Log;
}

/**
 * Builds the images one after the other, so that no first customer waits for one. One process of the install does so, with
 * what its host has to spare; see `ensureImage`.
 */
export function imagesAhead(dependencies: Dependencies, wanted: readonly string[]): Reconciler {
  const { database, plane, log } = dependencies;
  let planned = false;
  return {
    name: 'images-ahead',
    everySeconds: INTERVAL,
    async run(stopping = new AbortController().signal) {
      if (!planned) {
        const states = wanted.length > 0 ? await plane.listImages() : [];
        const missing = states.filter(({ state }) => state !== 'ready').map(({ name }) => name);
        await planBuilds(
          database,
          wanted.filter((name) => missing.includes(name)),
        );
        planned = true;
      }
      for (;;) {
        const next = await nextBuild(database, wanted);
        if (!next || stopping.aborted) return;
        if ((await poolState(database.db)) !== 'ok') return;
        await build(dependencies, next, stopping);
      }
    },
  };

  async function build(
    { database: { db } }: Dependencies,
    { name, failures, rebuild }: ImageBuild,
    stop: AbortSignal,
  ) {
    const began = Date.now();
    const note = await keepNotes(dependencies, name);
    try {
      await plane.ensureImage(name, note.progress, { ahead: stop, rebuild });
      await recordBuilt(db, name);
      log.info({ image: name, seconds: Math.round((Date.now() - began) / 1000) }, 'image built ahead');
    } catch (error) {
      const unreachable = error instanceof DataPlaneError && error.code === 'unreachable';
      if (stop.aborted || unreachable) await recordStop(db, name);
      if (stop.aborted) return;
      if (unreachable) throw error;
      const pause = pauseAfter(failures + 1);
      await recordFailure(db, name, (error as Error).message, pause);
      logFailure(log, error, 'image not built ahead', { image: name, next_attempt_seconds: pause });
    } finally {
      note.stop();
    }
  }
}

/** The first that may be built at this moment. */
async function nextBuild(database: Database, wanted: readonly string[]): Promise<ImageBuild | undefined> {
  const due = (await readImageBuilds(database.db)).filter((build) => build.due);
  return due.sort((a, b) => wanted.indexOf(a.name) - wanted.indexOf(b.name))[0];
}

/** Seconds to wait after so many failures in a row. */
export const pauseAfter = (failures: number): number =>
  Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1));

/** Notes the progress of a build from time to time, even if there is none: that tells that its process lives. */
async function keepNotes({ database, log }: Dependencies, name: string) {
  let latest: { message: string; percent: number | null } = { message: `Preparing ${name}`, percent: null };
  await recordProgress(database.db, name, latest);
  const note = (): void =>
    void recordProgress(database.db, name, latest).catch((error: unknown) =>
      logFailure(log, error, 'progress of an image not noted', { image: name }),
    );
  const timer = setInterval(note, NOTE * 1000).unref();
  return {
    progress: (message: string, percent?: number) => {
      latest = { message, percent: percent ?? null };
    },
    stop: () => clearInterval(timer),
  };
}
