import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Brand } from '../brand-config.ts';
import { AppError } from '../lib/errors.ts';
import type { HttpServer } from './api.ts';
import { withBrand } from './brand.ts';
import { StoredAnswer } from './stored-answer.ts';

/** Nothing inline and nothing from elsewhere: markup that a name or a log line smuggles in cannot do anything. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** A build of the dashboard, in memory. */
export interface Dashboard {
  page: StoredAnswer;
  /** By path. */
  files: ReadonlyMap<string, StoredAnswer>;
  /** First segments of the paths that are pages. */
  areas: readonly string[];
}

/** Reads a build, as `host/dashboard.ts` makes it, and gives it the operator's name and colours. */
export async function readDashboard(folder: string, brand: Brand): Promise<Dashboard> {
  const areas: string[] = JSON.parse(await readFile(path.join(folder, 'areas.json'), 'utf8'));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, StoredAnswer>();
  for (const entry of entries) {
    const type = TYPES[path.extname(entry.name)];
    if (!entry.isFile() || !type) continue;
    const file = path.join(entry.parentPath, entry.name);
    files.set(`/${path.relative(folder, file)}`, await readAnswer(file, type));
  }
  if (!files.delete('/index.html')) throw new Error(`${folder} holds no build of the dashboard.`);
  const page = withBrand(await readFile(path.join(folder, 'index.html'), 'utf8'), brand);
  return { page: new StoredAnswer(TYPES['.html']!, page), files, areas };
}

/** Files in `assets/` have a hash of their content in the name, so browsers never need to ask for them again. */
async function readAnswer(file: string, type: string): Promise<StoredAnswer> {
  const encoded = async (suffix: string) => readFile(`${file}.${suffix}`).catch(() => undefined);
  return new StoredAnswer(type, await readFile(file), {
    immutable: path.basename(path.dirname(file)) === 'assets',
    encoded: { br: await encoded('br'), gzip: await encoded('gz') },
  });
}

/** The dashboard at `/`: one page for all paths of its areas, and its files. A file that is missing is a 404. */
export function dashboardRoutes(http: HttpServer, { page, files, areas }: Dashboard): void {
  const open = { config: { public: true } };
  for (const url of ['/', ...areas.flatMap((area) => [`/${area}`, `/${area}/*`])]) {
    http.get(url, open, async (request, reply) => {
      reply.header('content-security-policy', POLICY).header('cross-origin-opener-policy', 'same-origin');
      return page.send(request, reply);
    });
  }
  http.get<{ Params: { file: string } }>('/assets/:file', open, async (request, reply) => {
    const file = files.get(`/assets/${request.params.file}`);
    if (!file) throw new AppError('not_found', 'There is nothing at this path.');
    return file.send(request, reply);
  });
  for (const [url, file] of files) {
    if (!url.startsWith('/assets/')) http.get(url, open, async (request, reply) => file.send(request, reply));
  }
}
