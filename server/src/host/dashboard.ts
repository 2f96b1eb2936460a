import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { glob, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '../../..');
const SOURCES = path.join(ROOT, 'dashboard');
const CACHE = path.join(ROOT, 'node_modules/.cache/dashboard');
const VITE = path.join(ROOT, 'node_modules/vite/bin/vite.js');

/** What the build may use of JavaScript memory, in MiB; the bundler's own comes to 300 more. */
const BUILD_HEAP_MB = 512;

/**
 * The folder with the built dashboard. It is built where no build of the present sources is there, which takes some seconds
 * and 0.6 GB of memory. `work` runs the build, to show that it is under way. Throws where the build fails.
 */
export async function ensureDashboard(
  work: (build: () => Promise<void>) => Promise<void> = (build) => build(),
): Promise<string> {
  const folder = path.join(CACHE, await hashOfSources());
  if (!existsSync(folder)) await work(() => build(folder));
  return folder;
}

/** A hash of all that the build reads: sources, and the versions of the packages. */
async function hashOfSources(): Promise<string> {
  const found = await Array.fromAsync(
    glob('**/*.*', { cwd: SOURCES, withFileTypes: true, exclude: isForeign }),
  );
  const files = found
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of [...files.sort(), path.join(ROOT, 'package-lock.json')]) {
    hash.update(`${path.relative(ROOT, file)}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

const isForeign = ({ name }: { name: string }): boolean =>
  name === 'node_modules' || name.startsWith('.') || name.endsWith('.test.ts');

/** Builds into a folder of its own, so that a build that was killed is never taken for a whole one. */
async function build(folder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const unfinished = `${folder}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  try {
    await runVite(unfinished);
    // Another server of this checkout may have been faster: its build is the same.
    await rename(unfinished, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  await removeOthers(path.basename(folder));
}

async function runVite(folder: string): Promise<void> {
  const args = [
    `--max-old-space-size=${BUILD_HEAP_MB}`,
    VITE,
    'build',
    '--outDir',
    folder,
    '--logLevel',
    'warn',
  ];
  const child = spawn(process.execPath, args, {
    cwd: SOURCES,
    // The bundler starts a thread for each processor otherwise, each with memory of its own.
    env: { ...process.env, RAYON_NUM_THREADS: '1', TOKIO_WORKER_THREADS: '1', NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`The dashboard could not be built: ${output.trim().slice(-2000)}`);
}

/** Removes builds of other sources, but none that another server may be making at this moment. */
async function removeOthers(kept: string): Promise<void> {
  for (const name of await readdir(CACHE)) {
    if (name !== kept && !name.includes('.'))
      await rm(path.join(CACHE, name), { recursive: true, force: true });
  }
}
