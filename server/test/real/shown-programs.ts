import { snippetsFor } from '../../../dashboard/src/instances/snippets.ts';
import { bucketSnippets } from '../../../dashboard/src/storage/connect/snippets.ts';

/** What the dashboard calls its programs; the first of its snippets is a command. */
const TITLES: Readonly<Record<string, string>> = { js: 'Node.js', python: 'Python', go: 'Go', php: 'PHP' };
/** What a command is asked. */
const QUESTIONS: Readonly<Record<string, string>> = { valkey: 'PING' };

/** What commands and programs then print. */
export const SHOWN_ANSWERS: Readonly<Record<string, RegExp>> = {
  postgresql: /PostgreSQL \d+/,
  mariadb: /\d-MariaDB/,
  mysql: /\b9\.\d+\.\d+/,
  valkey: /PONG|True|bool\(true\)/,
};

/** The languages of an engine's programs. Debian's `mysql` is MariaDB's, and knows other options than the one that is shown. */
export const languagesFor = (provider: string): string[] =>
  provider === 'mysql' ? Object.keys(TITLES) : ['sh', ...Object.keys(TITLES)];

/** What the dashboard shows to connect to an engine with; `uri` is that of its credentials. A command is asked something. */
export function shownProgram(provider: string, uri: string, language: string): string {
  const { hostname, port, username, password, pathname } = new URL(uri);
  const snippets = snippetsFor(provider, {
    host: hostname,
    port: Number(port),
    user: username,
    password: decodeURIComponent(password),
    database: pathname.slice(1),
  });
  if (language === 'sh') return `${snippets[0]!.code} <<<'${QUESTIONS[provider] ?? 'select version()'}'`;
  return snippets.find(({ title }) => title === TITLES[language])!.code;
}

/** What it shows to use a bucket with. */
export const shownBucketProgram = (language: string): string =>
  bucketSnippets({ endpoint: 'https://203.0.113.7:9000', region: 'local', bucket: 'photos' }).find(
    ({ title }) => title === TITLES[language],
  )!.code;
