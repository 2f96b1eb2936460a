import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const PAGES = path.join(import.meta.dirname, '../src/pages');
/** Others, such as fonts, are compressed already. */
const COMPRESSIBLE = /\.(html|css|js|svg)$/;

/** After the build: notes which paths are pages, and compresses every file as well as can be, since that is done once. */
export function finishBuild(): Plugin {
  let folder = '';
  return {
    name: 'danube-finish',
    apply: 'build',
    configResolved(config) {
      folder = path.resolve(config.root, config.build.outDir);
    },
    async writeBundle() {
      await writeFile(path.join(folder, 'areas.json'), JSON.stringify(await findAreas()));
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      for (const entry of entries.filter(({ name }) => COMPRESSIBLE.test(name))) {
        await compress(path.join(entry.parentPath, entry.name));
      }
    },
  };
}

/** The first segments of the pages' paths. The folder `_console` only stands for the frame around its pages. */
async function findAreas(): Promise<string[]> {
  const names = (
    await Promise.all([PAGES, path.join(PAGES, '_console')].map((folder) => readdir(folder)))
  ).flat();
  const segments = names.map((name) => name.replace(/\.tsx$/, ''));
  // What stands around the pages of a folder is a file beside it.
  return [...new Set(segments)].filter((name) => /^[a-z-]+$/.test(name) && name !== 'index');
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  await writeFile(`${file}.br`, await promisify(brotliCompress)(content, quality));
  await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
}
