import type { Brand } from '../../brand-config.ts';
import { AppError } from '../../lib/errors.ts';
import type { HttpServer } from '../api.ts';
import { StoredAnswer } from '../stored-answer.ts';
import { readGuides, searchGuides } from './guides.ts';
import { guidePage, indexPage } from './page.ts';

const HTML = 'text/html; charset=utf-8';

/** No scripts at all, and styles only from the server. */
const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Letters of a search. */
const MOST_LETTERS = 200;

/** The guides for customers: `/docs` lists and searches them, `/docs/guides/NAME` is one of them. */
export async function guideRoutes(http: HttpServer, brand: Brand): Promise<void> {
  const open = { config: { public: true } };
  const guides = await readGuides();
  const site = { guides, brand };
  const pages = new Map(guides.map((guide) => [guide.name, new StoredAnswer(HTML, guidePage(site, guide))]));
  const index = new StoredAnswer(HTML, indexPage(site, '', []));

  http.get<{ Querystring: { q?: unknown } }>('/docs', open, async (request, reply) => {
    reply.header('content-security-policy', POLICY);
    const { q } = request.query;
    const query = typeof q === 'string' ? q.trim().slice(0, MOST_LETTERS) : '';
    if (query === '') return index.send(request, reply);
    reply.type(HTML).header('cache-control', 'no-store');
    return indexPage(site, query, searchGuides(guides, query));
  });

  http.get<{ Params: { guide: string } }>('/docs/guides/:guide', open, async (request, reply) => {
    const page = pages.get(request.params.guide);
    if (!page) throw new AppError('not_found', 'There is no guide of this name.');
    reply.header('content-security-policy', POLICY);
    return page.send(request, reply);
  });
}
