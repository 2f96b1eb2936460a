import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { randomText } from '../lib/crypto.ts';
import type { DebianMirror } from '../lib/debian-mirror.ts';
import type { Progress } from '../lib/progress.ts';
import { run } from '../lib/run.ts';
import type { EngineParameter } from '../services/provider.ts';
import { ensureBase, onBase } from './base-layer.ts';
import { buildProgress, IMAGE_PROGRESS } from './build-progress.ts';
import { withFileLock } from './file-lock.ts';
import { imageMetadata } from './metadata.ts';
import {
  type Ahead,
  archivesOf,
  BUILDER_VERSION,
  DPKG_OPTIONS_FILE,
  hostArchitecture,
  quoted,
  runMmdebstrap,
} from './mmdebstrap.ts';
import { PARAMETERS_PROPERTY, packParameters } from './parameters.ts';
import type { Recipe } from './recipe.ts';

export interface BuildOptions {
  recipe: Recipe;
  /** Folder of finished images, one subfolder each. */
  cacheDir: string;
  mirror: DebianMirror;
  /** Build even if the image is cached, to get fresh packages. */
  force?: boolean;
  progress?: Progress | undefined;
  /** Nobody waits for it yet. */
  ahead?: Ahead | undefined;
  /** Called where another process is at work on the image. */
  onWait?: () => void;
}

/** A split Incus image (metadata and root file system), complete on disk. */
export interface BuiltImage {
  recipeHash: string;
  /** Unix milliseconds. */
  builtAt: number;
  rootfsFile: string;
  metadataFile: string;
}

/**
 * Cached: a recipe has some kilobytes of scripts and never changes, and its hash is needed for every list of images.
 */
const hashes = new WeakMap<Recipe, string>();

/** A hash of everything that determines the image's content, except the versions of its packages. */
export function recipeHash(recipe: Recipe): string {
  const known = hashes.get(recipe);
  if (known) return known;
  const input = JSON.stringify([BUILDER_VERSION, process.arch, recipe]);
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 16);
  hashes.set(recipe, hash);
  return hash;
}

/** The cached image, or null. */
export async function findBuilt(cacheDir: string, recipe: Recipe): Promise<BuiltImage | null> {
  const folder = path.join(cacheDir, `${recipe.id}-${recipeHash(recipe)}`);
  try {
    const { builtAt } = JSON.parse(await readFile(path.join(folder, 'built.json'), 'utf8')) as BuiltImage;
    return { recipeHash: recipeHash(recipe), builtAt, ...filesIn(folder) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

const filesIn = (folder: string) => ({
  rootfsFile: path.join(folder, 'rootfs.tar.zst'),
  metadataFile: path.join(folder, 'metadata.tar'),
});

/**
 * Builds the recipe's image with mmdebstrap, or returns the cached one. Builds of one image are serialised over all
 * processes. Throws `image_build_failed`, with the end of mmdebstrap's output as detail, and leaves nothing behind
 * then.
 */
export async function buildImage(options: BuildOptions): Promise<BuiltImage> {
  const { recipe, cacheDir, progress } = options;
  const asked = Date.now();
  const usable = (image: BuiltImage | null): image is BuiltImage =>
    image !== null && (!options.force || image.builtAt > asked);
  const cached = await findBuilt(cacheDir, recipe);
  if (usable(cached)) return cached;
  await mkdir(cacheDir, { recursive: true });
  const work = async (): Promise<BuiltImage> => {
    // Another process may have built it while this one waited for the lock.
    const present = await findBuilt(cacheDir, recipe);
    return usable(present) ? present : await buildInto(options);
  };
  return withFileLock(path.join(cacheDir, `${recipe.id}.lock`), work, () => {
    progress?.(`Waiting for another build of ${recipe.id}`);
    options.onWait?.();
  });
}

async function buildInto(options: BuildOptions): Promise<BuiltImage> {
  const { recipe, cacheDir, mirror, progress } = options;
  const architecture = hostArchitecture();
  await removeMatching(cacheDir, (name) => name.startsWith(`${recipe.id}.partial`));
  const partial = path.join(cacheDir, `${recipe.id}.partial-${randomText(8)}`);
  const overlay = path.join(partial, 'overlay');
  const image = path.join(partial, 'image');
  try {
    await mkdir(image, { recursive: true });
    await mkdir(path.join(partial, 'tmp'), { mode: 0o755 });
    await writeOverlay(overlay, recipe, mirror);
    await install(options, partial);
    progress?.(`Packing ${recipe.id}`, 95);
    await packMetadata(partial, recipe, architecture.incus);
    const builtAt = Date.now();
    await writeFile(path.join(image, 'built.json'), JSON.stringify({ builtAt }));
    const folder = path.join(cacheDir, `${recipe.id}-${recipeHash(recipe)}`);
    // Images of earlier recipes are no longer needed; instances made from them have their own disks.
    await removeMatching(cacheDir, (name) => new RegExp(`^${recipe.id}-[0-9a-f]{16}$`).test(name));
    await rename(image, folder);
    progress?.(`Built ${recipe.id}`, 100);
    return { recipeHash: recipeHash(recipe), builtAt, ...filesIn(folder) };
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function removeMatching(folder: string, matches: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder)) {
    if (matches(name)) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

async function writeOverlay(overlay: string, recipe: Recipe, mirror: DebianMirror): Promise<void> {
  const sources = archivesOf(recipe.suite, mirror)
    .map(({ uri, suite }) => {
      const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
      return `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${key}\n`;
    })
    .join('\n');
  const files = [...recipe.files, { path: '/etc/apt/sources.list.d/debian.sources', content: sources }];
  await mkdir(overlay, { mode: 0o755 });
  for (const file of files) {
    const target = path.join(overlay, file.path);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, file.content);
    await chmod(target, Number.parseInt(('mode' in file && file.mode) || '0644', 8));
  }
}

/** Makes one image fit for many instances: without an identity of its own or leftovers of the build. */
const CLEAN_UP = [
  ': > /etc/machine-id',
  `rm -f /var/lib/dbus/machine-id /etc/hostname /etc/apt/sources.list ${DPKG_OPTIONS_FILE}`,
  'find /var/log -type f -delete',
  'rm -rf /var/cache/apt/archives/*.deb /root/.cache',
];

/** Where the parameters are written during the build; `copy-out` takes the file from there. */
const PARAMETERS = 'parameters.json';

/** Makes the root file system: the suite's base, the recipe's packages and files, and what its commands make of them. */
async function install(options: BuildOptions, partial: string): Promise<void> {
  const { recipe, mirror, progress, ahead } = options;
  const { id, suite } = recipe;
  const base = await ensureBase({ ...options, id, suite });
  const inside = (command: string): string => `--customize-hook=chroot "$1" sh -euc ${quoted(command)}`;
  const parameters =
    recipe.parameters === null
      ? []
      : [
          inside(`${recipe.parameters} >/${PARAMETERS}`),
          `--customize-hook=copy-out /${PARAMETERS} ${partial}`,
          inside(`rm /${PARAMETERS}`),
        ];
  await runMmdebstrap({
    id,
    suite,
    mirror,
    args: [
      ...onBase(base, recipe.packages),
      `--customize-hook=sync-in ${path.join(partial, 'overlay')} /`,
      ...recipe.commands.map(inside),
      ...parameters,
      ...CLEAN_UP.map(inside),
    ],
    target: path.join(partial, 'image', 'rootfs.tar.zst'),
    temporary: path.join(partial, 'tmp'),
    ahead,
    onLine: progress && buildProgress(id, progress, IMAGE_PROGRESS),
  });
}

async function packMetadata(partial: string, recipe: Recipe, architecture: string): Promise<void> {
  const folder = path.join(partial, 'metadata');
  await mkdir(path.join(folder, 'templates'), { recursive: true });
  const properties = recipe.parameters === null ? {} : await readParameters(partial, recipe);
  await writeFile(path.join(folder, 'metadata.yaml'), imageMetadata(recipe, architecture, properties));
  for (const template of recipe.templates) {
    await writeFile(path.join(folder, 'templates', template.name), template.content);
  }
  const target = path.join(partial, 'image', 'metadata.tar');
  await run('tar', ['-C', folder, '-cf', target, 'metadata.yaml', 'templates']);
}

/** The image property that lists the engine's parameters. */
async function readParameters(partial: string, recipe: Recipe): Promise<Record<string, string>> {
  const text = await readFile(path.join(partial, PARAMETERS), 'utf8');
  try {
    return { [PARAMETERS_PROPERTY]: packParameters(JSON.parse(text) as EngineParameter[]) };
  } catch (cause) {
    throw new DataPlaneError('image_build_failed', `The image ${recipe.id} could not be built.`, {
      detail: `${recipe.parameters} printed no JSON: ${text.slice(0, 200)}`,
      cause,
    });
  }
}
