import { readConfig } from '../config.ts';
import { debianPackage, readOffer } from '../host/components/postgres-choice.ts';
import { layoutOf, postgresFolder } from '../host/components/postgres-cluster.ts';
import { upgradePostgres } from '../host/components/postgres-upgrade.ts';
import { requireInstall } from '../host/install.ts';
import { takeLock } from '../host/lock.ts';
import { OperatorError } from '../host/operator-error.ts';
import { installPackages } from '../host/packages.ts';
import { systemUserName } from '../host/system.ts';
import { createTerminal } from '../host/terminal.ts';
import { isRoot } from '../lib/processes.ts';

/** `danube upgrade-database`: moves the data to the PostgreSQL of this Debian. Resolves to the exit status. */
export async function upgradeDatabase(): Promise<number> {
  const { home } = readConfig(process.env);
  const { installId } = await requireInstall(home);
  if (!isRoot()) throw new OperatorError('This needs root.', 'Run it as root.');
  const folder = postgresFolder(home);
  const { data, debian } = readOffer(layoutOf(folder).data, null);
  const lock = await takeLock(home, installId);
  try {
    const terminal = createTerminal();
    if (data === null || debian === null || data >= debian) {
      terminal.line(
        `Nothing to do: the data is of PostgreSQL ${data}, this system's is ${debian ?? 'unknown'}.`,
      );
      return 0;
    }
    await terminal.step('Installing Debian packages', (report) =>
      installPackages(home, report, [debianPackage(debian)]),
    );
    const kept = await terminal.step(`Moving the data from PostgreSQL ${data} to ${debian}`, () =>
      upgradePostgres({ folder, user: systemUserName(installId), log: () => undefined }, debian),
    );
    terminal.line(
      `The data is of PostgreSQL ${debian} now. As it was before, it is in ${kept}: delete that later.`,
    );
    return 0;
  } finally {
    await lock.release();
  }
}
