import type { Brand } from '../../brand-config.ts';
import { escapeHtml, toHtml } from '../markdown.ts';
import type { Guide, Hit } from './guides.ts';

/** All guides, and whose they are. */
export interface Site {
  guides: readonly Guide[];
  brand: Brand;
}

/** Where a link of a guide leads on the server; null: nowhere, since it has no other pages of the repository. */
export function linkFrom(guides: readonly Guide[]): (target: string) => string | null {
  const known = new Set(guides.map(({ name }) => name));
  return (target) => {
    if (/^(https:\/\/|#)/.test(target)) return target;
    const [, name, anchor = ''] = /^(?:\.\.\/)?([\w/-]+)\.md(#[\w-]+)?$/.exec(target) ?? [];
    if (name === undefined) return null;
    if (known.has(name)) return `/docs/guides/${name}${anchor}`;
    if (name === 'errors/README') return '/docs/errors';
    return /^errors\/\w+$/.test(name) ? `/docs/${name}` : null;
  };
}

/** A guide as a page. */
export const guidePage = (site: Site, guide: Guide): string =>
  page(site, {
    title: guide.title,
    current: guide.name,
    body: `<article>${toHtml(guide.markdown, linkFrom(site.guides))}</article>`,
  });

/** The list of all guides, or what was found of them. */
export function indexPage(site: Site, query: string, hits: readonly Hit[]): string {
  if (query === '') return page(site, { title: 'Documentation', body: contents(site.guides) });
  const count = hits.length === 1 ? '1 result' : `${hits.length} results`;
  const found = hits.map(({ guide, section, excerpt }) => {
    const address = `/docs/guides/${guide.name}${section.anchor && `#${section.anchor}`}`;
    const title = section.anchor ? `${guide.title}: ${section.heading}` : guide.title;
    return `<li><a href="${address}">${escapeHtml(title)}</a><p>${escapeHtml(excerpt)}</p></li>`;
  });
  return page(site, {
    title: 'Search',
    query,
    body: `<h1>${count} for “${escapeHtml(query)}”</h1>${
      hits.length === 0 ? '<p>Try fewer or other words.</p>' : `<ul class="hits">${found.join('')}</ul>`
    }`,
  });
}

const contents = (guides: readonly Guide[]): string => `<h1>Documentation</h1>
<p>Everything that can be done in the <a href="/">console</a> can be done with the API. Its <a href="/docs/api">reference</a> tries requests out.</p>
<ul class="contents">${guides
  .map(
    ({ name, title, about }) =>
      `<li><a href="/docs/guides/${name}">${escapeHtml(title)}</a><p>${escapeHtml(about)}</p></li>`,
  )
  .join('')}</ul>`;

/** What stands around the pages: search, and the way to the others. */
function page(
  { guides, brand }: Site,
  { title, body, query = '', current }: { title: string; body: string; query?: string; current?: string },
): string {
  const links = guides.map(({ name, title: label }) => {
    const here = name === current ? ' aria-current="page"' : '';
    return `<li><a href="/docs/guides/${name}"${here}>${escapeHtml(label)}</a></li>`;
  });
  const name = escapeHtml(brand.name);
  const help = Object.entries({ Support: brand.supportUrl, Community: brand.communityUrl })
    .filter(([, address]) => address !== null)
    .map(([label, address]) => `<a href="${escapeHtml(address!)}">${label}</a>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · ${name}</title>
<link rel="icon" type="image/png" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/guides.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="brand" href="/docs">${name} documentation</a>
<form action="/docs" role="search"><input type="search" name="q" aria-label="Search the documentation" placeholder="Search" value="${escapeHtml(query)}" maxlength="200"></form>
<a href="/docs/api">API reference</a>
<a href="/">Console</a>
${help.join('\n')}
</header>
<div class="columns">
<nav aria-label="Guides"><ul>${links.join('')}<li><a href="/docs/errors">Errors</a></li></ul></nav>
<main id="content">${body}</main>
</div>
</body>
</html>
`;
}
