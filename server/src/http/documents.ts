import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, ERROR_STATUS } from '../lib/errors.ts';
import type { HttpServer } from './api.ts';
import { guideRoutes } from './guides/routes.ts';
import { toHtml } from './markdown.ts';
import { buildOpenApi } from './openapi.ts';
import type { HttpDependencies } from './server.ts';
import { StoredAnswer } from './stored-answer.ts';

const ERROR_PAGES = path.join(import.meta.dirname, '../../../docs/errors');
const PAGE = path.join(import.meta.dirname, 'docs-page');

/** Content security policy of the pages: they may load and call only their own origin. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Seconds for which browsers keep scripts and styles without asking. */
const ASSET_AGE = 3600;

const HTML = 'text/html; charset=utf-8';

/** `/docs`: the guides, the OpenAPI document, the interactive page with its assets, and a page for each error code. */
export async function documentRoutes(
  http: HttpServer,
  { config, tags, dashboard }: Pick<HttpDependencies, 'config' | 'tags' | 'dashboard'>,
): Promise<void> {
  const open = { config: { public: true } };
  const [page, assets] = [
    new StoredAnswer(HTML, await readFile(path.join(PAGE, 'api.html'))),
    await loadAssets(),
  ];
  let document: StoredAnswer | null = null;

  http.get('/docs/api.json', open, async (request, reply) => {
    document ??= new StoredAnswer(
      'application/json; charset=utf-8',
      `${JSON.stringify(buildOpenApi(http.apiRoutes, tags, config.publicUrl))}\n`,
    );
    return document.send(request, reply);
  });

  for (const from of [...(dashboard ? [] : ['/']), '/docs/api/']) {
    http.get(from, open, async (_request, reply) => reply.redirect('/docs/api'));
  }
  http.get('/docs/', open, async (_request, reply) => reply.redirect('/docs'));
  await guideRoutes(http, config.brand);

  http.get('/docs/api', open, async (request, reply) => {
    reply.header('content-security-policy', PAGE_POLICY);
    return page.send(request, reply);
  });

  http.get<{ Params: { file: string } }>('/docs/assets/:file', open, async (request, reply) => {
    const asset = assets.get(request.params.file);
    if (!asset) throw new AppError('not_found', 'There is nothing at this path.');
    return asset.send(request, reply);
  });
  errorRoutes(http);
}

/** The pages of errors: HTML for browsers, and the Markdown of the repository for everything else. */
function errorRoutes(http: HttpServer): void {
  const open = { config: { public: true } };
  const pages = new Map<string, StoredAnswer>();
  const sendPage = async (name: string, request: FastifyRequest, reply: FastifyReply) => {
    const isForBrowser = String(request.headers.accept ?? '').includes('text/html');
    const key = `${name} ${isForBrowser}`;
    const page = pages.get(key) ?? (await readPage(name, isForBrowser));
    pages.set(key, page);
    reply.header('content-security-policy', PAGE_POLICY);
    const body = await page.send(request, reply);
    reply.header('vary', 'accept, accept-encoding');
    return body;
  };
  http.get('/docs/errors', open, (request, reply) => sendPage('README', request, reply));
  http.get<{ Params: { code: string } }>('/docs/errors/:code', open, async (request, reply) => {
    const { code } = request.params;
    if (!Object.hasOwn(ERROR_STATUS, code))
      throw new AppError('not_found', 'There is no error of this name.');
    return sendPage(code, request, reply);
  });
}

async function readPage(name: string, isForBrowser: boolean): Promise<StoredAnswer> {
  const markdown = await readFile(path.join(ERROR_PAGES, `${name}.md`), 'utf8');
  return isForBrowser
    ? new StoredAnswer(HTML, errorPage(markdown))
    : new StoredAnswer('text/plain; charset=utf-8', markdown);
}

const errorPage = (markdown: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${/^# (\w+)/.exec(markdown)?.[1] ?? 'Errors'} · Danube</title>
<link rel="icon" type="image/png" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/text.css">
</head>
<body>
<p><a href="/docs">Documentation</a> · <a href="/docs/api">API</a> · <a href="/docs/errors">Errors</a></p>
${toHtml(markdown, linkOnServer)}
</body>
</html>
`;

/** Where a link of an error's page leads on the server. */
function linkOnServer(target: string): string | null {
  const guide = /^\.\.\/([a-z0-9-]+)\.md(#[\w-]+)?$/.exec(target);
  if (guide) return `/docs/guides/${guide[1]}${guide[2] ?? ''}`;
  const code = /^(\w+)\.md$/.exec(target)?.[1];
  return code === undefined ? null : `/docs/errors/${code}`;
}

async function loadAssets(): Promise<Map<string, StoredAnswer>> {
  const swagger = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const files: [folder: string, file: string, type: string][] = [
    [swagger, 'swagger-ui.css', 'text/css; charset=utf-8'],
    [swagger, 'swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
    [swagger, 'favicon-32x32.png', 'image/png'],
    [PAGE, 'page.css', 'text/css; charset=utf-8'],
    [PAGE, 'page.js', 'text/javascript; charset=utf-8'],
    [PAGE, 'text.css', 'text/css; charset=utf-8'],
    [PAGE, 'guides.css', 'text/css; charset=utf-8'],
  ];
  const assets = new Map<string, StoredAnswer>();
  for (const [folder, file, type] of files) {
    assets.set(file, new StoredAnswer(type, await readFile(path.join(folder, file)), { cache: ASSET_AGE }));
  }
  return assets;
}
