/**
 * `npm start` of an install of its own: the first one until it serves and until the first VPS runs, later ones until they
 * serve, and the memory of the idle server; and the installation of the npm packages. Debian packages are there already.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from '../scripts/test-install.ts';
import { startPostgres } from '../server/src/host/components/postgres-server.ts';
import { buildImage } from '../server/src/images/builder.ts';
import { RECIPES } from '../server/src/images/recipes.ts';
import { hostMirror } from '../server/src/lib/debian-mirror.ts';
import { run } from '../server/src/lib/run.ts';
import { clientOf, newVps } from '../server/test/client.ts';
import { waitFor } from '../server/test/harness.ts';
import { median, type Row } from './report.ts';

const LATER_STARTS = 5;
/** Seconds after a start until the server counts as idle. */
const SETTLE = 30;
const LISTEN = '127.0.0.1:18973';
const URL = `http://${LISTEN}`;

export async function benchStart(): Promise<Row[]> {
  // PostgreSQL runs as another user, which must be able to enter.
  const folder = await mkdtemp(path.join(tmpdir(), 'danube-bench-'));
  await run('chmod', ['0711', folder]);
  try {
    const floor = await floors(folder);
    const packages = await npmSeconds(folder, ['install', '--no-save']);
    return [
      row('npm start on a new checkout, npm packages', packages, floor.npm, '`npm ci` alone', 's', ''),
      ...(await starts(path.join(folder, 'home'), floor)),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const row = (
  name: string,
  ours: number,
  floor: number,
  floorName: string,
  unit: string,
  aim: string,
): Row => ({
  name,
  ours,
  floor,
  floorName,
  unit,
  aim,
});

interface Floors {
  npm: number;
  /** Seconds that PostgreSQL alone takes, with a new cluster and with an existing one. */
  newPostgres: number;
  postgres: number;
  /** Seconds that the build of the default image takes alone. */
  image: number;
}

async function floors(folder: string): Promise<Floors> {
  const postgres = { folder: path.join(folder, 'postgres'), user: 'nobody', log: () => undefined };
  const startOnce = async (): Promise<number> => {
    const began = performance.now();
    const server = await startPostgres(postgres);
    const seconds = since(began);
    await server.stop();
    return seconds;
  };
  const newPostgres = await startOnce();
  const later: number[] = [];
  for (let round = 0; round < LATER_STARTS; round += 1) later.push(await startOnce());
  const began = performance.now();
  const recipe = RECIPES.get('debian-12')!;
  await buildImage({ recipe, cacheDir: path.join(folder, 'images'), mirror: await hostMirror() });
  const image = since(began);
  return { newPostgres, postgres: median(later), image, npm: await npmSeconds(folder, ['ci']) };
}

/** Seconds that npm takes in a copy of the checkout without packages; its cache is warm from the second time. */
async function npmSeconds(folder: string, words: readonly string[]): Promise<number> {
  const copy = path.join(folder, 'checkout');
  const workspaces = ['server', 'client', 'dashboard'].map((name) => `${name}/package.json`);
  for (const name of ['package.json', 'package-lock.json', ...workspaces]) {
    await cp(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  }
  const began = performance.now();
  await run('npm', [...words, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: copy,
  });
  const seconds = since(began);
  await rm(copy, { recursive: true });
  return seconds;
}

async function starts(home: string, floor: Floors): Promise<Row[]> {
  try {
    const first = await startServer(home);
    const token = /API token\s+(\S+)/.exec(first.output())?.[1] ?? '';
    if (!token) throw new Error(`No token in: ${first.output()}`);
    const call = clientOf(URL, token);
    const created = await call('POST', '/vps', newVps());
    if (created.status !== 201) throw new Error(JSON.stringify(created.body));
    const { id } = created.body.instance;
    const status = async () => (await call('GET', `/vps/${id}/status`)).body.status;
    await waitFor('the first VPS', async () => (await status()) === 'running', 600);
    const firstVps = since(first.began);
    await stopServer(first.child);

    const later: number[] = [];
    let memory = 0;
    for (let round = 1; round <= LATER_STARTS; round += 1) {
      const server = await startServer(home, token);
      later.push(server.seconds);
      if (round === LATER_STARTS) {
        await delay(SETTLE * 1000);
        memory = await residentMib(Number(await readFile(path.join(home, 'danube.pid'), 'utf8')));
      }
      await stopServer(server.child);
    }
    const alone = spawn(process.execPath, ['-e', "require('http').createServer().listen(0,'127.0.0.1')"]);
    await delay(1000);
    const node = await residentMib(alone.pid!);
    alone.kill();
    return [
      row('The first start, to serving', first.seconds, floor.newPostgres, 'PostgreSQL alone', 's', '≤ 30 s'),
      row(
        'The first start, to the first VPS running',
        firstVps,
        floor.image,
        'build of its image',
        's',
        '≤ 60 s',
      ),
      row('A later start, to serving', median(later), floor.postgres, 'PostgreSQL alone', 's', '≤ 1.5 s'),
      row('Idle server, memory', memory, node, 'Node that listens', 'MiB', '≤ 150 MiB'),
    ];
  } finally {
    await command(home, 'destroy', '--yes');
  }
}

const since = (began: number): number => (performance.now() - began) / 1000;

function launch(home: string, ...words: string[]): ChildProcess {
  return spawn(process.execPath, [path.join(ROOT, 'bin', 'danube.mjs'), ...words], {
    env: {
      PATH: process.env.PATH,
      DANUBE_HOME: home,
      DANUBE_LISTEN: LISTEN,
      DANUBE_IMAGES_AHEAD: 'none',
      DANUBE_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts it, until a list of servers is answered; without a token, until it is refused. */
async function startServer(home: string, token = '') {
  const began = performance.now();
  const child = launch(home, 'start');
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const headers = { authorization: `Bearer ${token}` };
  const answers = () =>
    fetch(`${URL}/api/v1/vps`, { headers }).then(
      ({ status }) => status === (token ? 200 : 401),
      () => child.exitCode !== null,
    );
  // At this pace, since the pauses of `waitFor` grow.
  while (!(await answers())) await delay(20);
  const seconds = since(began);
  await waitFor('its token', async () => child.exitCode !== null || text.includes('Ctrl-C stops Danube'));
  if (child.exitCode !== null) throw new Error(text);
  return { child, began, seconds, output: () => text };
}

async function stopServer(child: ChildProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill('SIGTERM');
  await promise;
}

async function command(home: string, ...words: string[]): Promise<void> {
  const child = launch(home, ...words);
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  await promise;
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}
