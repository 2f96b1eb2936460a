import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { HttpServer } from './api.ts';
import { StoredAnswer } from './stored-answer.ts';

const SCRIPT = path.join(import.meta.dirname, 'account-page/link.js');

/** The pages may load and call only their own origin. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

interface Page {
  title: string;
  /** Where the form is sent, below the API. */
  path: string;
  fields: string;
  button: string;
}

const PAGES: Record<string, Page> = {
  '/account/password': {
    title: 'Set a new password',
    path: '/auth/password',
    fields:
      '<p><label>New password<br><input type="password" name="password" autocomplete="new-password" minlength="10" ' +
      'maxlength="256" required></label></p>',
    button: 'Set the password',
  },
  '/account/email': {
    title: 'Confirm your e-mail address',
    path: '/auth/email',
    fields: '',
    button: 'Confirm the address',
  },
};

const htmlOf = ({ title, path, fields, button }: Page, prefix: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Danube</title>
<link rel="stylesheet" href="/docs/assets/text.css">
<script src="/account/link.js" defer></script>
</head>
<body>
<h1>${title}</h1>
<form data-path="${prefix}${path}">
${fields}
<p><button>${button}</button></p>
</form>
<p role="status"></p>
</body>
</html>
`;

/** The pages that links of accounts lead to. `prefix`: where the API is. */
export async function accountPages(http: HttpServer, prefix: string): Promise<void> {
  const open = { config: { public: true } };
  const script = new StoredAnswer('text/javascript; charset=utf-8', await readFile(SCRIPT));
  http.get('/account/link.js', open, (request, reply) => script.send(request, reply));
  for (const [url, page] of Object.entries(PAGES)) {
    const html = new StoredAnswer('text/html; charset=utf-8', htmlOf(page, prefix));
    http.get(url, open, (request, reply) => {
      reply.header('content-security-policy', POLICY);
      return html.send(request, reply);
    });
  }
}
