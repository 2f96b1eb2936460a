import type { Brand } from '../brand-config.ts';
import type { HttpServer } from './api.ts';
import { escapeHtml } from './markdown.ts';
import { StoredAnswer } from './stored-answer.ts';

/** A logo that somebody opens as a page of its own runs nothing. */
const LOGO_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

const LOGO = '/brand/logo';
const STYLE = '/brand/style.css';

/** The dashboard's page with the name, the colour and the links of the brand, which it reads before it shows anything. */
export function withBrand(page: string, brand: Brand): string {
  const { name, color, logo, supportUrl, communityUrl } = brand;
  const told = JSON.stringify({ name, logo: logo ? LOGO : null, supportUrl, communityUrl });
  const head = [
    `<title>${escapeHtml(name)}</title>`,
    `<meta name="danube-brand" content="${escapeHtml(told)}" />`,
    ...(color ? [`<link rel="stylesheet" href="${STYLE}" />`] : []),
  ];
  return page.replace(/<title>.*?<\/title>/, () => head.join('\n    '));
}

/** The logo and the colour. */
export function brandRoutes(http: HttpServer, { logo, color }: Brand): void {
  const open = { config: { public: true } };
  if (logo) {
    const answer = new StoredAnswer(logo.type, logo.content);
    http.get(LOGO, open, async (request, reply) => {
      reply.header('content-security-policy', LOGO_POLICY);
      return answer.send(request, reply);
    });
  }
  if (color) {
    const answer = new StoredAnswer('text/css; charset=utf-8', styleOf(color));
    http.get(STYLE, open, async (request, reply) => answer.send(request, reply));
  }
}

/** The accent of both themes: on dark ground it is lighter, so that it can be read. */
const styleOf = (color: string): string => `:root:root {
  --accent: light-dark(${color}, color-mix(in oklch, ${color} 40%, white));
  --accent-fill: light-dark(${color}, color-mix(in oklch, ${color} 45%, white));
  --accent-hover: light-dark(color-mix(in oklch, ${color} 88%, black), color-mix(in oklch, ${color} 35%, white));
  --accent-soft: light-dark(color-mix(in oklch, ${color} 9%, white), color-mix(in oklch, ${color} 35%, black));
}
`;
