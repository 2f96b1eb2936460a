import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Package } from '../../server/src/host/packages.ts';
import { run } from '../../server/src/lib/run.ts';

const FLOWS = path.join(import.meta.dirname, 'flows');

/** A generated client, and how its users build it. */
export interface ClientKind {
  /** Name of openapi-generator's generator. */
  generator: string;
  options: readonly string[];
  /** The commands that it is built with, by the Debian package that has them. */
  commands: Record<string, string>;
  /** Builds the client in its folder, and where there is one the program of `flows/`, as a user would. */
  build(folder: string): Promise<void>;
  /** The program of `flows/`, once built. It uses the client from the creation of a VPS to its deletion. */
  flow?(folder: string): string[];
}

/** Maven and Java, which fetch and run openapi-generator. */
export const GENERATOR_COMMANDS: ClientKind['commands'] = { mvn: 'maven', javac: 'default-jdk-headless' };

/** By the name to give on the command line. */
export const CLIENT_KINDS: Record<string, ClientKind> = {
  python: {
    generator: 'python',
    options: [],
    commands: { python3: 'python3-venv' },
    async build(folder) {
      await inFolder(folder, 'python3', '-m', 'venv', 'venv');
      await inFolder(folder, 'venv/bin/pip', 'install', '--quiet', '--disable-pip-version-check', '.');
      await inFolder(folder, 'venv/bin/python', '-m', 'compileall', '-q', 'openapi_client');
    },
    flow: (folder) => [path.join(folder, 'venv/bin/python'), path.join(FLOWS, 'python.py')],
  },
  axios: {
    generator: 'typescript-axios',
    options: ['--additional-properties=npmName=danube-axios'],
    commands: { npm: 'npm' },
    async build(folder) {
      await copyFile(path.join(FLOWS, 'axios.ts'), path.join(folder, 'flow.ts'));
      await inFolder(folder, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund');
      await inFolder(folder, 'npm', 'run', 'build');
    },
    flow: (folder) => [process.execPath, path.join(folder, 'dist/flow.js')],
  },
  go: {
    generator: 'go',
    options: ['--git-host=example.org', '--git-user-id=danube', '--git-repo-id=client'],
    commands: { go: 'golang-go' },
    async build(folder) {
      await mkdir(path.join(folder, 'flow'));
      await copyFile(path.join(FLOWS, 'go.go'), path.join(folder, 'flow/main.go'));
      await inFolder(folder, 'go', 'mod', 'tidy');
      await inFolder(folder, 'go', 'build', './...');
      await inFolder(folder, 'go', 'build', '-o', 'flow/program', './flow');
    },
    flow: (folder) => [path.join(folder, 'flow/program')],
  },
  java: {
    generator: 'java',
    options: [],
    commands: GENERATOR_COMMANDS,
    async build(folder) {
      await inFolder(folder, 'mvn', '-q', '-B', 'test-compile');
    },
  },
};

/** The Debian packages of commands that are not on the path. */
export function packagesOf(commands: ClientKind['commands']): Package[] {
  return Object.entries(commands)
    .filter(([command]) => !onPath(command))
    .map(([command, name]) => ({ name, proof: `/usr/bin/${command}` }));
}

const onPath = (command: string): boolean =>
  process.env.PATH!.split(path.delimiter).some((folder) => existsSync(path.join(folder, command)));

async function inFolder(folder: string, command: string, ...args: string[]): Promise<void> {
  await run(command, args, { cwd: folder, timeoutSeconds: 900 });
}
