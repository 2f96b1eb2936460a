import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '../..');

/** A fenced block of a page. */
export interface Block {
  page: string;
  /** The headings above the block, the outermost first. */
  headings: string[];
  language: string;
  code: string;
}

/** Returns the fenced blocks of a page, also of those in lists. `page` is relative to the checkout. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let headings: string[] = [];
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  for (const match of text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$|^(#+) (.+)$/gm)) {
    const [, indent, language, code, level, heading] = match;
    if (level) headings = [...headings.slice(0, level.length - 1), heading!];
    else
      blocks.push({
        page,
        headings,
        language: language!,
        code: code!.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      });
  }
  return blocks;
}

/** Languages of blocks that show something and do nothing. */
const SHOWN = ['http', 'json', 'text'];

/** The tests that type the commands, SQL and programs of pages, all of them but for {@link NOT_TYPED}. */
const FAST = 'server/test/documented-commands.test.ts';
const GUIDES = 'server/test/real/quiet/guides.test.ts';
const STORE = 'server/test/real/quiet/object-store.test.ts';
export const TYPED_BY: Readonly<Record<string, string>> = {
  'README.md': FAST,
  'docs/alerts.md': FAST,
  'docs/api.md': FAST,
  'docs/authentication.md': FAST,
  'docs/billing.md': FAST,
  'docs/caches.md': GUIDES,
  'docs/configuration.md': FAST,
  'docs/databases.md': GUIDES,
  'docs/cli.md': FAST,
  'docs/events.md': FAST,
  'docs/firewalls.md': FAST,
  'docs/mariadb.md': GUIDES,
  'docs/mysql.md': GUIDES,
  'docs/metrics.md': FAST,
  'docs/notifications.md': FAST,
  'docs/object-storage.md': STORE,
  'docs/operations.md': FAST,
  'docs/operators.md': FAST,
  'docs/postgresql.md': GUIDES,
  'docs/redis.md': GUIDES,
  'docs/snapshots.md': FAST,
  'docs/webhooks.md': FAST,
};

const INSTALLS = 'sets up a host, which every run of all tests does';
const RECEIVERS =
  'verifies messages of webhooks; real/quiet/webhook-receivers.test.ts runs the programs of the page';
const SERVICE = 'needs the systemd of a host; src/cli/service.test.ts has the unit';
const OTHER_SERVER =
  'needs a server of another vendor or version; the tests of the engine load what such servers wrote';

/** By page and the beginning of a block: why no test types it. */
export const NOT_TYPED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'CONTRIBUTING.md': { 'git clone': 'runs the tests that this is one of' },
  'README.md': {
    'git clone': INSTALLS,
    'ssh root@': 'needs a server that is no simulation; real/quiet/vps.test.ts logs in to one',
    'psql ': 'needs a database that is no simulation; docs/postgresql.md has the same, typed',
    'npm run danube -- doctor': 'changes this host; the tests in src/cli do so to installs of their own',
    'npm test': 'runs the tests that this is one of',
  },
  'docs/cli.md': { 'git clone': 'changes this host; test/danubectl.test.ts starts the same program' },
  'docs/configuration.md': {
    'DATABASE_URL=': 'needs a PostgreSQL elsewhere; every test has its database by this setting',
    'INCUS_URL=': 'needs an Incus on another host',
    'SMTP_URL=': 'needs a mail server; src/mail/mail.test.ts sends through one',
    'DANUBE_ENGINE=sim': 'sets up an install; src/cli/start.test.ts starts one so',
  },
  'docs/install.md': { 'git clone': INSTALLS, 'npm run danube -- install-service': SERVICE },
  'docs/mariadb.md': { 'mariadb-dump': OTHER_SERVER },
  'docs/mysql.md': {
    'mysql --host': 'Debian has no client of MySQL itself; that of MariaDB is typed',
    mysqldump: OTHER_SERVER,
  },
  'docs/s3.md': {
    'npm run danube -- storage enable': 'takes minutes; real/quiet/object-store.test.ts makes the same store',
    'radosgw-admin': 'needs a Ceph elsewhere',
  },
  'docs/operations.md': {
    'git pull': INSTALLS,
    'apt-get update': 'changes the packages of this host',
    'systemctl stop danube\nnpm run danube -- upgrade-database':
      'needs the data of an older PostgreSQL; src/host/components/postgres-version.test.ts has some',
    'systemctl stop danube\ntar': SERVICE,
    'export INCUS_DIR': 'needs the Incus of an install, and minutes to pack a disk',
    'INCUS_DIR=': 'lets the pool grow for good',
  },
  'docs/redis.md': {
    'redis-server': 'needs an engine on this host; real/redis-dumps.ts does the same in the image',
  },
  'docs/webhooks.md': {
    'import { createHmac': RECEIVERS,
    'import base64': RECEIVERS,
    '<?php': RECEIVERS,
    '# is_genuine': RECEIVERS,
  },
  'docs/valkey.md': {
    'export REDISCLI_AUTH':
      'not every Debian has valkey-cli; redis-cli is typed, and valkey.test.ts takes valkey-cli from the image',
  },
};

const reasonFor = ({ page, code }: Block): string | undefined =>
  Object.entries(NOT_TYPED[page] ?? {}).find(([beginning]) => code.startsWith(beginning))?.[1];

/** The blocks of a page that do something, but for those in {@link NOT_TYPED}. Its test has to type all of them. */
export const typedBlocks = (page: string): Block[] =>
  blocksOf(page).filter((block) => !SHOWN.includes(block.language) && !reasonFor(block));

/** A command in the blocks of a page, by its beginning, up to the file that it reads or the next one that reads from it. */
export function filterIn(page: string, beginning: string): string {
  const code = blocksOf(page)
    .map((block) => block.code)
    .find((one) => one.includes(beginning));
  if (!code) throw new Error(`No block of ${page} has ${beginning}.`);
  return code.slice(code.indexOf(beginning)).split(/ (?:\w+\.sql\b|\|(?=\s))/)[0]!;
}

/** What is wrong with the tables above for these pages: blocks in neither of them, and entries without a block. */
export function findForgotten(pages: readonly string[]): string[] {
  const problems: string[] = [];
  for (const page of pages) {
    const blocks = blocksOf(page);
    const where = ({ code }: Block) => `${page}: ${code.split('\n')[0]}`;
    for (const block of blocks.filter(({ language }) => language === ''))
      problems.push(`${where(block)}: the block has no language`);
    if (!TYPED_BY[page])
      for (const block of typedBlocks(page))
        problems.push(`${where(block)}: no test types it, and NOT_TYPED has no reason`);
    for (const beginning of Object.keys(NOT_TYPED[page] ?? {}))
      if (blocks.filter(({ code }) => code.startsWith(beginning)).length !== 1)
        problems.push(
          `${page}: NOT_TYPED has ${JSON.stringify(beginning)}, with which not exactly one block begins`,
        );
  }
  const listed = [...Object.keys(TYPED_BY), ...Object.keys(NOT_TYPED)];
  for (const page of listed.filter((one) => !pages.includes(one)))
    problems.push(`${page}: there is no such page`);
  return problems;
}
