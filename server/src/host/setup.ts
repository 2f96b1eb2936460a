import type { Config } from '../config.ts';
import type { HostComponent, HostContext } from './component.ts';
import { hostIncusInUse } from './components/incus-daemon.ts';
import { HOST_COMPONENTS, packagesFor } from './components.ts';
import { ensureInstall, type Install } from './install.ts';
import { installPackages, missingPackages } from './packages.ts';
import type { Supervised, Supervisor } from './supervisor.ts';
import type { Terminal } from './terminal.ts';

export interface SetUpOptions {
  config: Config;
  terminal: Terminal;
  supervisor: Supervisor;
  log: (message: string) => void;
  /** See {@link HostContext.onWait}. */
  onWait?: () => void;
  /** Called where packages are missing, once those are there that are marked as `first`. */
  onFirstPackages?: () => void;
  /** Runs while packages are being installed; no component starts before it has ended. */
  beside?: Promise<unknown>;
  /** For tests: components other than Danube's. */
  components?: readonly HostComponent[];
  /** For tests: use an own Incus daemon even where the host's Incus is in use. */
  ownIncus?: boolean;
}

/** Installs and starts what this configuration needs on this host, at every start. */
export async function setUp(options: SetUpOptions): Promise<Install> {
  const { config, terminal, components = HOST_COMPONENTS } = options;
  const packages = packagesFor(config, components);
  const installing =
    missingPackages(packages).length === 0
      ? null
      : terminal.step('Installing Debian packages', (report) =>
          installPackages(config.home, report, packages, options.onFirstPackages),
        );
  // A failure of one is told once both have ended.
  await Promise.allSettled([installing, options.beside]);
  await installing;
  const install = await ensureInstall(config, await decideIncus(options));
  const { installId, incus } = install;
  const context: HostContext = { config, installId, incus, log: options.log, onWait: options.onWait };
  await startAll(
    components.filter((component) => component.appliesTo(config)),
    context,
    options,
  );
  return install;
}

async function decideIncus({ config, ownIncus }: SetUpOptions): Promise<Install['incus']> {
  if (config.engine !== 'incus') return 'none';
  if (config.incus) return 'remote';
  return !ownIncus && (await hostIncusInUse()) ? 'host' : 'own';
}

const INTERVAL_MS = 500;

/**
 * Starts each component as soon as the components it comes after are up, so independent ones start concurrently. After
 * a failure, it waits for the starts in progress before it throws, so that the supervisor can stop everything.
 */
async function startAll(
  components: readonly HostComponent[],
  context: HostContext,
  { supervisor, terminal }: SetUpOptions,
): Promise<void> {
  const starts = new Map<HostComponent, Promise<void>>();
  const start = async (component: HostComponent): Promise<void> => {
    await Promise.all((component.after ?? []).map((other) => starts.get(other)));
    const upkeep = component.create(context);
    if (!upkeep) return;
    const { title = `Starting ${component.name}`, intervalMs = INTERVAL_MS } = upkeep;
    const supervised = (report: (message: string) => void): Supervised => ({
      ...upkeep,
      name: component.name,
      intervalMs,
      ensure: () => upkeep.ensure(report),
    });
    if (upkeep.background) supervisor.addInBackground(supervised(() => undefined));
    else await terminal.step(title, (report) => supervisor.add(supervised(report)));
  };
  for (const component of components) starts.set(component, start(component));
  const failed = (await Promise.allSettled(starts.values())).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
