import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { checkout } from '../../src/cli/script.ts';
import { removeHostFirewall } from '../../src/host/components/host-firewall.ts';
import { incusSocket } from '../../src/host/components/incus-connection.ts';
import { removeIncusRemains } from '../../src/host/components/incus-remains.ts';
import { buildImage } from '../../src/images/builder.ts';
import { RECIPES } from '../../src/images/recipes.ts';
import { hostMirror } from '../../src/lib/debian-mirror.ts';
import { installId } from '../../src/lib/install-id.ts';
import { mountsOf } from '../../src/lib/mounts.ts';
import { allPids, argumentsOf, environmentOf, linkOf, signal } from '../../src/lib/processes.ts';
import { type RunResult, run } from '../../src/lib/run.ts';
import { type Call, clientOf } from '../client.ts';
import { waitFor } from '../harness.ts';
import { fromTestRun } from '../incus.ts';

/** Size of the disk, in GB: a little more than Danube asks for. Its file is sparse. */
const DISK_GB = 12;
const MIB = 1024 ** 2;
/** The default of servers, which Danube makes at its start. */
const DEFAULT_IMAGE = 'debian-12';
/** What `fallocate` leaves for the file system's own needs. */
const REST = 32 * MIB;
/** Characters of Danube's output in an error. */
const MUCH = 2000;

interface SmallHostOptions {
  /** Images of what starts there. */
  images: readonly string[];
  settings?: Readonly<Record<string, string>>;
}

/** An install of its own, whose data directory is on a small disk that can be filled, and whose power can be cut. */
export class SmallHost {
  readonly home: string;
  readonly #folder: string;
  readonly #disk: string;
  #launcher: ChildProcess | null = null;
  readonly #options: SmallHostOptions;
  #output = '';
  #token = '';
  call!: Call;

  private constructor(folder: string, options: SmallHostOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#disk = path.join(folder, 'disk');
    this.home = path.join(this.#disk, 'home');
  }

  /** Makes the disk, and starts Danube on it. */
  static async open(options: SmallHostOptions): Promise<SmallHost> {
    const host = new SmallHost(await mkdtemp(path.join(os.tmpdir(), 'danube-small-')), options);
    try {
      await host.#make();
      await host.start();
      await waitFor('the default image', async () => host.lastPrinted(`Ready: ${DEFAULT_IMAGE}`) >= 0, 900);
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  async #make(): Promise<void> {
    await chmod(this.#folder, 0o711);
    const file = path.join(this.#folder, 'disk.img');
    await writeFile(file, '');
    await truncate(file, DISK_GB * 1024 * MIB);
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', file]);
    await mkdir(this.#disk);
    await run('mount', ['-o', 'loop', file, this.#disk]);
    await this.#takeImages();
  }

  /** Those of the run, and not built once more on the small disk: whoever comes first builds them, for all others too. */
  async #takeImages(): Promise<void> {
    const images = path.join(this.home, 'images');
    await mkdir(images, { recursive: true });
    for (const name of [DEFAULT_IMAGE, ...this.#options.images]) {
      const recipe = RECIPES.get(name);
      if (!recipe) throw new Error(`There is no recipe of ${name}.`);
      const cacheDir = fromTestRun('DANUBE_TEST_IMAGES');
      const folder = path.dirname(
        (await buildImage({ recipe, cacheDir, mirror: await hostMirror() })).rootfsFile,
      );
      await cp(folder, path.join(images, path.basename(folder)), { recursive: true });
    }
  }

  /** Starts Danube, at another port than before. */
  async start(): Promise<void> {
    this.#output = '';
    const launcher = this.#launch('start');
    this.#launcher = launcher;
    await waitFor('Danube to start', async () => this.lastPrinted('Ctrl-C stops Danube') >= 0, 600);
    const url = /API\s+(http:\/\/\S+)\/api\/v1/.exec(this.#output)?.[1] ?? '';
    // It is printed once.
    this.#token = /API token\s+(\S+)/.exec(this.#output)?.[1] ?? this.#token;
    this.call = clientOf(url, this.#token);
  }

  /**
   * Ends all processes of the install and its instances at once, and takes away what the kernel had for them: mounts, loop devices,
   * bridges and rules of the firewall. What is left is what a host has after a loss of power.
   */
  async cutPower(): Promise<void> {
    for (const pid of allPids().filter((pid) => this.#owns(pid))) signal(pid, 'SIGKILL');
    const id = installId(this.home);
    await removeIncusRemains(this.home, id);
    await removeHostFirewall(id);
    const mounts = mountsOf('self').map(({ target }) => target);
    for (const mount of mounts.filter((one) => one.startsWith(`${this.home}/`)).reverse())
      await run('umount', ['--lazy', mount], { allow: 'any' });
  }

  #owns(pid: number): boolean {
    if (pid === process.pid) return false;
    return (
      environmentOf(pid, 'DANUBE_HOME') === this.home ||
      argumentsOf(pid).some((argument) => argument.includes(`${this.home}/`)) ||
      // Processes of PostgreSQL have neither.
      (linkOf(pid, 'cwd') ?? '').startsWith(`${this.home}/`)
    );
  }

  /** Where Danube has last printed a text, the server's log included; -1 for never. Throws where Danube has ended. */
  lastPrinted(text: string): number {
    // Its end says why, and a report of many lines would be cut.
    if (this.#launcher?.exitCode !== null) throw new Error(`Danube has ended:\n${this.#output.slice(-MUCH)}`);
    return this.#output.lastIndexOf(text);
  }

  #launch(...args: string[]): ChildProcess {
    const child = spawn(process.execPath, [path.join(checkout, 'bin', 'danube.mjs'), ...args], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    return child;
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      DANUBE_HOME: this.home,
      DANUBE_ENGINE: 'incus',
      DANUBE_IMAGES_AHEAD: 'none',
      DANUBE_LISTEN: '127.0.0.1:0',
      DANUBE_LOG_LEVEL: 'info',
      // Guests are to fill the disk, and not to be kept from it by what is promised.
      DANUBE_DISK_FACTOR: '100',
      ...this.#options.settings,
    };
  }

  /** Danube's own checks, while it runs. */
  async doctor(): Promise<{ component: string; state: string; message: string }[]> {
    const bin = path.join(checkout, 'bin', 'danube.mjs');
    const { stdout } = await run(process.execPath, [bin, 'doctor', '--json'], {
      env: this.#environment(),
      allow: 'any',
      timeoutSeconds: 300,
    });
    return JSON.parse(stdout).findings;
  }

  /** Runs a script in an instance, whatever comes of it. */
  async inside(kind: string, id: string, script: string): Promise<RunResult> {
    const env = {
      ...process.env,
      INCUS_SOCKET: incusSocket(this.home),
      INCUS_CONF: path.join(this.#folder, 'incus'),
    };
    const options = { env, allow: 'any', timeoutSeconds: 600 } as const;
    const name = `${kind}-${id}`;
    const all = await run('incus', ['list', '--all-projects', '-f', 'csv', '-c', 'ne', name], options);
    const project = all.stdout.trim().split(',')[1] ?? '';
    return run('incus', ['exec', name, '--project', project, '--', 'sh', '-c', script], options);
  }

  /** Leaves nothing of the disk free. */
  async fill(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#disk);
    const bytes = bavail * bsize;
    // Reserved, and not written, so that the file of the disk stays small; and the rest by writing, until it fails.
    await run('fallocate', ['--length', String(Math.max(1, bytes - REST)), this.#ballast]);
    const script = 'head -c "$1" /dev/zero >>"$2"';
    await run('sh', ['-c', script, 'fill', String(REST), this.#ballast], { allow: 'any' });
  }

  /** Takes away what {@link fill} wrote. */
  makeRoom(): Promise<void> {
    return rm(this.#ballast, { force: true });
  }

  get #ballast(): string {
    return path.join(this.#disk, 'ballast');
  }

  /** Removes the install, and the disk. */
  async close(): Promise<void> {
    if (existsSync(this.#disk)) {
      await this.makeRoom();
      this.#launcher?.kill('SIGKILL');
      if (existsSync(this.home)) {
        // A server without its launcher stops by itself; then `destroy` can take the lock.
        await waitFor(
          'the install to be removed',
          () =>
            new Promise<boolean>((resolve) =>
              this.#launch('destroy', '--yes').once('close', (status) => resolve(status === 0)),
            ),
          300,
        );
      }
      await run('umount', [this.#disk], { allow: 'any' });
    }
    await rm(this.#folder, { recursive: true });
  }
}
