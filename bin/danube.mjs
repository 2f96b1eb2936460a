#!/usr/bin/env node
// Runs on any Node from 18: it installs the npm packages where they are missing or outdated, among them the Node that
// Danube runs on, and hands over to that one. Plain JavaScript, and nothing but Node itself, since it comes first.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const runtimePackage = `node-linux-${process.arch}`;
const runtime = path.join(modules, runtimePackage, 'bin', 'node');

function fail(problem, remedy) {
  process.stderr.write(`\ndanube: ${problem}\n  ${remedy}\n`);
  process.exit(1);
}

function readPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : null;
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm notes what it installed in node_modules; comparing
 * the two takes some milliseconds, and unlike file times it survives git and copies.
 */
function isInstalled() {
  const wanted = readPackages(path.join(root, 'package-lock.json'));
  const present = readPackages(path.join(modules, '.package-lock.json'));
  if (!present || !existsSync(runtime)) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (!place.startsWith('node_modules/') && !place.includes('/node_modules/')) return true;
    const found = present[place];
    if (!found) return entry.optional === true || entry.devOptional === true || entry.peer === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

async function install() {
  process.stderr.write('Installing npm packages: half a minute, or as long as the registry takes\n');
  const began = Date.now();
  const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`;
  // npm itself prints nothing until it has ended.
  const timer = setInterval(() => process.stderr.write(`  … npm packages (${seconds()})\n`), 10_000);
  // Not `npm ci`: that refuses a lock file which lacks optional packages of other platforms, as those made behind a
  // partial registry do, and it deletes node_modules under a server that may still run. With --no-save this too installs
  // the very versions of the lock file. Install scripts stay off: none of ours needs one, and they would run as root.
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawn('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  npm.once('error', (error) =>
    fail(`npm cannot be started (${error.message}).`, 'Install npm, then start again.'),
  );
  const [status, signal] = await once(npm, 'close');
  clearInterval(timer);
  if (signal) process.exit(128 + os.constants.signals[signal]);
  if (status !== 0) {
    fail(
      'The npm packages could not be installed.',
      'npm says why above. Check the network and start again.',
    );
  }
  process.stderr.write(`  ✓ npm packages (${seconds()})\n`);
}

if (process.platform !== 'linux') {
  fail(
    `Danube runs on Linux; this is ${process.platform}.`,
    'Use a Debian 12 or 13 server, or a virtual machine with one.',
  );
}
if (!['x64', 'arm64'].includes(process.arch)) {
  fail(
    `Danube runs on x64 and arm64; this is ${process.arch}.`,
    'Use a server with one of those processors.',
  );
}
if (!isInstalled()) {
  await install();
  if (!existsSync(runtime))
    fail(`npm did not install ${runtimePackage}.`, 'Delete node_modules and start again.');
}

// The channel lets the server notice when this process is gone, even after SIGKILL.
// Warnings about the internals of packages are not for operators.
const quiet = ['--disable-warning=ExperimentalWarning', '--disable-warning=DeprecationWarning'];
// Room for new objects in MiB, which V8 takes three times. With its default of 16, the server needs a third more memory
// under load, and no less time.
const memory = ['--max-semi-space-size=8'];
const args = [...quiet, ...memory, path.join(root, 'server', 'src', 'main.ts')];
// Node caches compiled code here for the next start. Without write access, it compiles every time.
const cache = { NODE_COMPILE_CACHE: path.join(modules, '.cache', 'node') };
const child = spawn(runtime, [...args, ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  env: { ...cache, ...process.env },
});
// Ctrl-C reaches the whole process group, npm passes signals on as well, and so do we: the server takes signals that come
// together as one.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
child.once('error', (error) =>
  fail(`Node cannot be started (${error.message}).`, 'Delete node_modules and start again.'),
);
child.once('exit', (status, signal) =>
  process.exit(signal ? 128 + os.constants.signals[signal] : (status ?? 1)),
);
