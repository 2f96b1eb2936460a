import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readConfig } from '../config.ts';
import { postgres as postgresComponent } from '../host/components/postgres.ts';
import { findPostgres } from '../host/components/postgres-server.ts';
import { identify, linkOf, signal, waitForExit } from '../lib/processes.ts';
import { checkout } from './script.ts';

/** Runs the real launcher and server, with a PostgreSQL of its own and simulated instances. */
let parent = '';
let home = '';
let token = '';
const launchers = new Set<ChildProcess>();

interface Started {
  launcher: ChildProcess;
  url: string;
  output: () => string;
  exit: Promise<number | null>;
}

const settings = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  DANUBE_HOME: home,
  DANUBE_ENGINE: 'sim',
  DANUBE_LISTEN: '127.0.0.1:0',
  DANUBE_LOG_LEVEL: 'warn',
});

const launch = (...args: string[]) => launchWith({}, ...args);

function launchWith(changes: NodeJS.ProcessEnv, ...args: string[]): Omit<Started, 'url'> {
  const launcher = spawn(process.execPath, [path.join(checkout, 'bin', 'danube.mjs'), ...args], {
    env: { ...settings(), ...changes },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  launchers.add(launcher);
  let output = '';
  for (const stream of [launcher.stdout, launcher.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exit = new Promise<number | null>((resolve) => launcher.once('close', (status) => resolve(status)));
  return { launcher, output: () => output, exit };
}

async function start(): Promise<Started> {
  const started = launch('start');
  await until('the URL', started.output, () => started.output().includes('Ctrl-C stops Danube'));
  const url = /API\s+(http:\/\/\S+)\/api\/v1/.exec(started.output())?.[1] ?? '';
  assert.equal((await fetch(`${url}/api/v1/health`)).status, 200);
  return { ...started, url };
}

async function until(what: string, output: () => string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 240_000;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail(`It never came: ${what}.\n${output()}`);
    await delay(20);
  }
}

const serverPid = async (): Promise<number> => Number(await readFile(path.join(home, 'danube.pid'), 'utf8'));

/** Asks the API, and returns the answer's body. */
async function ask<T>(server: Started, method: string, route: string, body?: object): Promise<T> {
  const answer = await fetch(`${server.url}/api/v1${route}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  assert.ok(answer.ok, `${method} ${route}: ${answer.status}`);
  return (await answer.json()) as T;
}

interface ShownVps {
  instance: { id: string; status: string };
}

async function untilStatus(server: Started, id: string, status: string): Promise<void> {
  const deadline = Date.now() + 240_000;
  let shown = '';
  while (shown !== status && Date.now() < deadline) {
    shown = (await ask<ShownVps>(server, 'GET', `/vps/${id}`)).instance.status;
    if (shown !== status) await delay(100);
  }
  assert.equal(shown, status, server.output());
}

async function kill(pid: number): Promise<void> {
  const identity = identify(pid);
  assert.ok(identity);
  signal(pid, 'SIGKILL');
  assert.ok(await waitForExit(identity, 120));
}

before(async () => {
  parent = await mkdtemp('/tmp/danube-test-start-');
  await chmod(parent, 0o711);
  home = path.join(parent, 'home');
});

after(async () => {
  for (const launcher of launchers) launcher.kill('SIGKILL');
  // A server without its launcher stops by itself; then `destroy` can take the lock.
  const deadline = Date.now() + 240_000;
  let status: number | null = 1;
  while (status !== 0 && Date.now() < deadline) status = await launch('destroy', '--yes').exit;
  await rm(parent, { recursive: true, force: true });
  assert.equal(status, 0);
});

test('the first start prints a working token and a link for a password, once, and says that instances are simulated', async () => {
  const server = await start();
  token = /API token\s+(\S+)/.exec(server.output())?.[1] ?? '';
  assert.match(server.output(), /SIMULATED/);
  const answer = await fetch(`${server.url}/api/v1/vps`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  const [, page, secret] = /Password\s+(\S+)#(\w{48})/.exec(server.output()) ?? [];
  assert.equal((await fetch(page!)).status, 200);
  const set = await fetch(`${server.url}/api/v1/auth/password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ secret, password: 'correct horse battery' }),
  });
  assert.equal(set.status, 200);

  const second = launch('start');
  assert.equal(await second.exit, 1);
  assert.match(second.output(), /already runs on .* \(process \d+\)/);

  server.launcher.kill('SIGTERM');
  assert.equal(await server.exit, 0);
  assert.equal(findPostgres(path.join(home, 'postgres')), null);
});

test('after kill -9 the next start takes over, with the same data and no new token', async () => {
  const first = await start();
  assert.doesNotMatch(first.output(), /API token|Password/);
  const postgres = findPostgres(path.join(home, 'postgres'));
  await kill(await serverPid());
  assert.equal(await first.exit, 137);

  const second = await start();
  assert.deepEqual(findPostgres(path.join(home, 'postgres')), postgres);
  const answer = await fetch(`${second.url}/api/v1/vps`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  // One Ctrl-C arrives several times: from the terminal, from npm, from the launcher.
  for (let times = 0; times < 3; times += 1) second.launcher.kill('SIGINT');
  assert.equal(await second.exit, 0);
});

test('simulated instances outlive a kill, and commands beside the server do not harm them', async () => {
  const first = await start();
  const { instance } = await ask<ShownVps>(first, 'POST', '/vps', {
    ...{ name: 'kept', image: 'debian-12', datacenter: 'fsn1', resource_profile: 'pico_shared' },
    ...{ auth_method: 'password', password: 'correct horse battery' },
  });
  assert.equal(await launch('image', 'list').exit, 0);
  await untilStatus(first, instance.id, 'running');
  await kill(await serverPid());
  assert.equal(await first.exit, 137);

  const second = await start();
  await ask(second, 'POST', `/vps/${instance.id}/stop`);
  await untilStatus(second, instance.id, 'stopped');
  second.launcher.kill('SIGTERM');
  assert.equal(await second.exit, 0);
});

test('as root, the database is Debian’s PostgreSQL, and doctor names its version', async () => {
  const server = await start();
  const running = findPostgres(path.join(home, 'postgres'));
  assert.ok(running);
  // Empty without root, and where Danube cannot install it: then the PostgreSQL may be the host's or the bundled one.
  const [debians] = postgresComponent.packages?.(readConfig(settings())) ?? [];
  const program = linkOf(running.pid, 'exe') ?? '';
  assert.equal(program, debians?.proof ?? program);
  const doctor = launch('doctor');
  await doctor.exit;
  assert.match(doctor.output(), /database .*PostgreSQL \d+\.\d+.*, schema up to date/);
  server.launcher.kill('SIGTERM');
  assert.equal(await server.exit, 0);
});

test('a PostgreSQL that dies is restarted, and requests are answered again', async () => {
  const server = await start();
  const postgres = findPostgres(path.join(home, 'postgres'));
  assert.ok(postgres);
  await kill(postgres.pid);
  const deadline = Date.now() + 240_000;
  let status = 0;
  while (status !== 200 && Date.now() < deadline) {
    status = (await fetch(`${server.url}/api/v1/vps`, { headers: { authorization: `Bearer ${token}` } }))
      .status;
    if (status !== 200) await delay(50);
  }
  assert.equal(status, 200, server.output());
  server.launcher.kill('SIGTERM');
  assert.equal(await server.exit, 0);
});

test('a server whose launcher is killed stops by itself', async () => {
  const server = await start();
  const identity = identify(await serverPid());
  assert.ok(identity);
  server.launcher.kill('SIGKILL');
  assert.ok(await waitForExit(identity, 240));
  assert.equal(findPostgres(path.join(home, 'postgres')), null);
});

test('the engine of an install cannot be mistaken', async () => {
  for (const command of ['start', 'doctor']) {
    const wrong = launchWith({ DANUBE_ENGINE: 'incus' }, command);
    assert.equal(await wrong.exit, 1);
    assert.match(wrong.output(), /instances of .* are simulated, .*Set DANUBE_ENGINE=sim/s);
  }
});

test('doctor does not take the server of another install for its own', async () => {
  const other = createServer((_, response) => void response.end('{}'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const { port } = other.address() as AddressInfo;
    const doctor = launchWith({ DANUBE_LISTEN: `127.0.0.1:${port}` }, 'doctor');
    await doctor.exit;
    assert.match(doctor.output(), /^ +! server +does not run/);
  } finally {
    other.close();
  }
});

test('a server whose output nobody reads any more stops as usual', async () => {
  const server = await start();
  // As Ctrl-C does to `npm start 2>&1 | tee log`.
  for (const stream of [server.launcher.stdout, server.launcher.stderr]) stream?.destroy();
  server.launcher.kill('SIGINT');
  assert.equal(await server.exit, 0);
  assert.equal(findPostgres(path.join(home, 'postgres')), null);
});

test('tokens are created, listed and revoked while the server is down', async () => {
  const made = launch('token', 'create', '--name', 'ci', '--expires', '30d');
  assert.equal(await made.exit, 0);
  const id = /^(\d+)\|/m.exec(made.output())?.[1] ?? '';
  assert.equal(await launch('token', 'revoke', id).exit, 0);
  const listed = launch('token', 'list');
  assert.equal(await listed.exit, 0);
  assert.match(listed.output(), new RegExp(`^${id}\\tci\\trevoked`, 'm'));
  assert.match(listed.output(), /^1\tFirst token\t.*\tadmin$/m);
  const unknown = launch('token', 'revoke', '77');
  assert.equal(await unknown.exit, 2);
  assert.match(unknown.output(), /There is no token 77: .*token list/);
  assert.equal(findPostgres(path.join(home, 'postgres')), null);
});

test('an image that is not in the catalogue is not built', async () => {
  const build = launch('image', 'build', 'debian-11');
  assert.equal(await build.exit, 2);
  assert.match(build.output(), /There is no image "debian-11": .*image list/);
});

test('destroy keeps files that do not belong to the install', async () => {
  const kept = path.join(home, 'notes.txt');
  await writeFile(kept, 'mine');
  const destroyed = launch('destroy', '--yes');
  assert.equal(await destroyed.exit, 0);
  assert.match(destroyed.output(), /notes\.txt/);
  assert.ok(existsSync(kept));
  for (const gone of ['postgres', 'sim.json', 'sim.json.objects'])
    assert.ok(!existsSync(path.join(home, gone)));
});
