import { mkdir, statfs } from 'node:fs/promises';
import { BuildGroup, buildGroupName } from '../../images/build-group.ts';
import { type BuildOptions, type BuiltImage, buildImage } from '../../images/builder.ts';
import type { Recipe } from '../../images/recipe.ts';
import type { SharedBuild } from '../../images/shared-build.ts';
import { hostMirror } from '../../lib/debian-mirror.ts';
import { FairQueue } from '../../lib/fair-queue.ts';
import type { Log } from '../../lib/log.ts';
import { DataPlaneError } from '../contract/errors.ts';

/**
 * How many images that somebody waits for are built at once. Each build unpacks hundreds of packages; more at once would
 * only slow each other down.
 */
const BUILDS = 2;

/** Bytes that stay free on the disk of the host when images are built ahead; `doctor` warns below as much. */
const ROOM = 5 * 1024 ** 3;

export interface BuildRequest {
  /** Build it even if it is there. */
  rebuild: boolean;
  /** See `ensureImage` in the contract. */
  ahead: AbortSignal | undefined;
  shared: SharedBuild;
}

/** A build ahead ended, because somebody waits for the image, and builds it from the start. */
export class TakenOver extends Error {}

/** When and with which priority images are built on this host. */
export class ImageBuilds {
  readonly #options: { imageCache: string; log: Log };
  readonly #group: BuildGroup;
  readonly #slots = new FairQueue({ slots: BUILDS });

  constructor(options: { installId: string; imageCache: string; log: Log }) {
    this.#options = options;
    this.#group = new BuildGroup(buildGroupName(options.installId));
  }

  async build(recipe: Recipe, { rebuild, ahead, shared }: BuildRequest): Promise<BuiltImage> {
    const { imageCache, log } = this.#options;
    const build = async (options: Pick<BuildOptions, 'ahead'>): Promise<BuiltImage> => {
      log.info({ image: recipe.id, ahead: options.ahead !== undefined }, 'building image');
      return buildImage({
        recipe,
        cacheDir: imageCache,
        mirror: await hostMirror(),
        force: rebuild,
        progress: shared.report,
        // The other process may be the server, which builds it ahead.
        onWait: () => void this.#group.raise(),
        ...options,
      });
    };
    if (!ahead || shared.urgent) return this.#slots.run(recipe.id, () => build({}));
    const isUrgent = () => shared.urgent;
    return this.#ahead(ahead, shared, (signal) => build({ ahead: { group: this.#group, signal, isUrgent } }));
  }

  /** Runs a build until `stop` aborts. Once somebody waits for it, it is hurried, and no longer stopped. */
  async #ahead<T>(
    stop: AbortSignal,
    shared: SharedBuild,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    await assertRoom(this.#options.imageCache);
    const ending = new AbortController();
    const end = (): void => {
      if (!shared.urgent) ending.abort(stop.reason);
    };
    stop.addEventListener('abort', end);
    shared.onUrgent(() => void this.#hurry(ending));
    try {
      return await work(ending.signal);
    } finally {
      stop.removeEventListener('abort', end);
    }
  }

  /** Where the priority cannot be raised, the build ends, and whoever waits for the image builds it from the start. */
  async #hurry(ending: AbortController): Promise<void> {
    if (await this.#group.raise()) return;
    ending.abort(new TakenOver());
  }
}

async function assertRoom(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= ROOM) return;
  throw new DataPlaneError('no_capacity', 'The host has too little free disk to build images ahead.', {
    detail: `less than 5 GB free at ${folder}`,
  });
}
