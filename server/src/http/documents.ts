import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { FastifyReply } from 'fastify';
import type { Config } from '../config.ts';
import { AppError, ERROR_STATUS } from '../lib/errors.ts';
import type { HttpServer } from './api.ts';
import { buildOpenApi } from './openapi.ts';
import type { Tag } from './openapi-parts.ts';

const ERROR_PAGES = path.join(import.meta.dirname, '../../../docs/errors');

/** Content security policy of the interactive page: it may load and call only its own origin. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Danube API</title>
<link rel="icon" type="image/png" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/page.js"></script>
</body>
</html>
`;

/** `validatorUrl: null` keeps the page from sending the document's address to Swagger's online validator. */
const SCRIPT = `SwaggerUIBundle({
  url: '/docs/api.json',
  dom_id: '#page',
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  requestSnippetsEnabled: true,
});
`;

interface Asset {
  type: string;
  body: string | Buffer;
}

/** `/docs`: the OpenAPI document, the interactive page with its assets, and a page for each error code. */
export async function documentRoutes(http: HttpServer, config: Config, tags: readonly Tag[]): Promise<void> {
  const assets = await loadAssets();
  let document: string | null = null;

  http.get('/docs/api.json', { config: { public: true } }, async (_request, reply) => {
    document ??= JSON.stringify(buildOpenApi(http.apiRoutes, tags, config.publicUrl));
    reply.type('application/json; charset=utf-8');
    return document;
  });

  for (const path of ['/', '/docs', '/docs/', '/docs/api/']) {
    http.get(path, { config: { public: true } }, async (_request, reply) => reply.redirect('/docs/api'));
  }

  http.get('/docs/api', { config: { public: true } }, async (_request, reply) => {
    reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY);
    return PAGE;
  });

  http.get<{ Params: { file: string } }>(
    '/docs/assets/:file',
    { config: { public: true } },
    async (request, reply) => sendAsset(assets.get(request.params.file), reply),
  );

  http.get<{ Params: { code: string } }>(
    '/docs/errors/:code',
    { config: { public: true } },
    async (request, reply) => {
      const { code } = request.params;
      if (!Object.hasOwn(ERROR_STATUS, code))
        throw new AppError('not_found', 'There is no error of this name.');
      reply.type('text/plain; charset=utf-8');
      return readFile(path.join(ERROR_PAGES, `${code}.md`), 'utf8');
    },
  );
}

function sendAsset(asset: Asset | undefined, reply: FastifyReply): string | Buffer {
  if (!asset) throw new AppError('not_found', 'There is nothing at this path.');
  reply.type(asset.type).header('cache-control', 'public, max-age=3600');
  return asset.body;
}

async function loadAssets(): Promise<Map<string, Asset>> {
  const folder = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const files: [string, string][] = [
    ['swagger-ui.css', 'text/css; charset=utf-8'],
    ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
    ['favicon-32x32.png', 'image/png'],
  ];
  const assets = new Map<string, Asset>([
    ['page.js', { type: 'text/javascript; charset=utf-8', body: SCRIPT }],
  ]);
  for (const [file, type] of files) assets.set(file, { type, body: await readFile(path.join(folder, file)) });
  return assets;
}
