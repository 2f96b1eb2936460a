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
  /** For tests: others than those that Danube comes with. */
  components?: readonly HostComponent[];
  /** For the installs of tests: a daemon of its own even where the host has an Incus in use. */
  ownIncus?: boolean;
}

/** Installs and starts what this configuration needs on this host, at the first start and at every later one. */
export async function setUp(options: SetUpOptions): Promise<Install> {
  const { config, terminal, components = HOST_COMPONENTS } = options;
  const packages = packagesFor(config, components);
  if (missingPackages(packages).length > 0) {
    await terminal.step('Installing Debian packages', (report) =>
      installPackages(config.home, report, packages),
    );
  }
  const install = await ensureInstall(config, await decideIncus(options));
  const { installId, incus } = install;
  const context: HostContext = { config, installId, incus, log: options.log };
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
 * Starts each component as soon as all those are up that it comes after, so independent ones start side by side. Where
 * one fails, it waits until nothing is being started any more before it throws: then the supervisor can stop all of it.
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
