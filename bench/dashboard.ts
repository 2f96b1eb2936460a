/**
 * The dashboard in chromium: what its pages load, Lighthouse's scores, the longest task while a list of 1,000 servers is read
 * to its end, and how soon a change by somebody else is on the screen. Lighthouse is fetched by npm, and runs for desktops.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { ensureDashboard } from '../server/src/host/dashboard.ts';
import { CHROMIUM, openBrowser, signedIn } from '../server/test/browser.ts';
import { clientOf, newVps } from '../server/test/client.ts';
import { openSession, startTestApp, type TestApp, testConfig } from '../server/test/harness.ts';
import { insertServers } from './present-servers.ts';
import { median, type Row } from './report.ts';

const LIGHTHOUSE = 'lighthouse@13.5.0';
const CATEGORIES = {
  performance: 'performance',
  accessibility: 'accessibility',
  'best-practices': 'best practices',
};
/** Chromium sometimes records nothing of a page, and Lighthouse says to try again. */
const ATTEMPTS = 5;
const SERVERS = 1000;
/** A team may have ten servers. */
const CHANGES = 5;

export async function benchDashboard(): Promise<Row[]> {
  const dashboard = await ensureDashboard();
  // Without a worker, because its reconciler would find that none of these servers has an instance.
  const test = await startTestApp({ dashboard, config: testConfig({ DANUBE_ROLE: 'api' }) });
  try {
    const [first] = await insertServers(test, SERVERS);
    return [
      ...(await sizes(dashboard)),
      await longestTask(test),
      ...(await scores(test, first!)),
      await changes(dashboard),
    ];
  } finally {
    await test.close();
  }
}

/** How soon a change of another member is on the screen. The log of events takes a server with a worker. */
async function changes(dashboard: string): Promise<Row> {
  const test = await startTestApp({ dashboard });
  const browser = await openBrowser();
  try {
    const call = clientOf(test.app.url!, test.team.token);
    const page = await (await signedIn(browser, test, test.team)).newPage();
    await page.goto('/vps');
    await page.getByText('No servers yet').waitFor();
    const times: number[] = [];
    for (let turn = 0; turn < CHANGES; turn += 1) {
      const name = `server-${turn}`;
      const began = performance.now();
      const { status } = await call('POST', '/vps', newVps({ name }));
      if (status !== 201) throw new Error(`A server was refused with ${status}.`);
      await page.getByRole('link', { name, exact: true }).waitFor();
      times.push(performance.now() - began);
    }
    return row('Creation by somebody else, until it is in the list', median(times), 1000, 'ms', '≤ 1');
  } finally {
    await browser.close();
    await test.close();
  }
}

const row = (name: string, ours: number, floor: number, unit: string, aim: string): Row => ({
  name,
  ours,
  floor,
  floorName: 'the aim',
  unit,
  aim,
});

/** What pages load beside the entry: modules as the manifest names them. */
const CONSOLE = 'src/pages/_console.tsx';
const DETAIL = [CONSOLE, 'src/pages/_console/vps/$id.tsx'];
const LOADED: [page: string, aim: number, modules: string[], beyond?: string[]][] = [
  ['sign-in', 120, ['src/pages/sign-in/index.tsx']],
  ['a list', 120, [CONSOLE, 'src/pages/_console/vps/index.tsx']],
  ['a detail page', 175, [...DETAIL, 'src/pages/_console/vps/$id/index.tsx']],
  ['graphs', 175, [...DETAIL, 'src/pages/_console/vps/$id/metrics.tsx']],
  [
    'a terminal, more than a detail page',
    85,
    [...DETAIL, 'src/pages/_console/vps/$id/console.tsx', 'src/console/screen.ts'],
    [...DETAIL, 'src/pages/_console/vps/$id/index.tsx'],
  ],
];

type Manifest = Record<string, { file: string; imports?: string[] }>;

async function sizes(folder: string): Promise<Row[]> {
  const manifest: Manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8'));
  const rows: Row[] = [];
  for (const [page, aim, modules, beyond] of LOADED) {
    for (const [end, encoding] of Object.entries({ br: 'brotli', gz: 'gzip' })) {
      const bytesOf = async (names: string[]): Promise<number> => {
        const files = filesOf(manifest, names).map((file) => stat(path.join(folder, `${file}.${end}`)));
        return (await Promise.all(files)).reduce((sum, { size }) => sum + size, 0);
      };
      const bytes = (await bytesOf(modules)) - (beyond ? await bytesOf(beyond) : 0);
      rows.push(row(`First load of JavaScript, ${page}, ${encoding}`, bytes / 1024, aim, 'KiB', '≤ 1'));
    }
  }
  return rows;
}

/** The files of the entry and of these modules, with all that they import. */
function filesOf(manifest: Manifest, modules: readonly string[]): string[] {
  const found = new Set<string>();
  const load = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const one of manifest[name]!.imports ?? []) load(one);
  };
  for (const module of ['index.html', ...modules]) {
    const names = Object.keys(manifest).filter((key) => key.split('?', 1)[0] === module);
    if (names.length === 0) throw new Error(`The build has no ${module}.`);
    for (const name of names) load(name);
  }
  return [...found].map((name) => manifest[name]!.file);
}

async function scores(test: TestApp, id: string): Promise<Row[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'danube-lighthouse-'));
  try {
    const pages = { 'sign-in': '/sign-in', overview: '/', 'a list': '/vps', 'a detail page': `/vps/${id}` };
    const rows: Row[] = [];
    for (const [name, url] of Object.entries(pages)) {
      const found = await lighthouse(test, url, folder);
      for (const [category, label] of Object.entries(CATEGORIES)) {
        rows.push(row(`Lighthouse, ${name}, ${label}`, found[category]!, 95, 'of 100', '≥ 1'));
      }
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function lighthouse(test: TestApp, url: string, folder: string): Promise<Record<string, number>> {
  const cookie = url === '/sign-in' ? {} : { Cookie: await openSession(test.database, test.team) };
  const file = path.join(folder, 'report.json');
  const args = [
    ...['exec', '--yes', '--ignore-scripts', `--package=${LIGHTHOUSE}`, '--', 'lighthouse'],
    ...[`${test.app.url}${url}`, '--preset=desktop', '--quiet', '--output=json', `--output-path=${file}`],
    `--only-categories=${Object.keys(CATEGORIES).join(',')}`,
    `--extra-headers=${JSON.stringify(cookie)}`,
    '--chrome-flags=--headless=new --no-sandbox',
  ];
  const env = { ...process.env, CHROME_PATH: CHROMIUM, npm_config_cache: path.join(folder, 'cache') };
  const measure = () => promisify(execFile)('npm', args, { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 });
  for (let left = ATTEMPTS - 1; ; left -= 1) {
    try {
      await measure();
      break;
    } catch (error) {
      if (left === 0 || !String(error).includes('NO_NAVSTART')) throw error;
    }
  }
  const { categories } = JSON.parse(await readFile(file, 'utf8')) as {
    categories: Record<string, { score: number }>;
  };
  return Object.fromEntries(Object.entries(categories).map(([name, { score }]) => [name, score * 100]));
}

/** Goes through all pages of the list, scrolls each, sorts and filters it. */
async function longestTask(test: TestApp): Promise<Row> {
  const browser = await openBrowser();
  try {
    const page = await (await signedIn(browser, test, test.team)).newPage();
    await page.goto('/vps');
    await page.getByText(`of ${SERVERS}`).waitFor();
    await page.evaluate(`
      globalThis.longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
      }).observe({ type: 'longtask' });
    `);
    const next = page.getByRole('button', { name: 'Next page' });
    while ((await next.getAttribute('aria-disabled')) !== 'true') {
      await scroll(page);
      await next.click();
    }
    await page.getByRole('button', { name: 'Status' }).click();
    await page.getByRole('searchbox').pressSequentially('web-99');
    await scroll(page);
    const longest = (await page.evaluate('globalThis.longest')) as number;
    return row(
      `Longest task, through a list of ${SERVERS.toLocaleString('en')} servers`,
      longest,
      100,
      'ms',
      '≤ 1',
    );
  } finally {
    await browser.close();
  }
}

async function scroll(page: Page): Promise<void> {
  for (let step = 0; step < 5; step += 1) await page.mouse.wheel(0, 600);
}
