import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readConfig } from '../config.ts';
import { OperatorError } from '../host/operator-error.ts';
import { isSystemd } from '../host/system.ts';
import { installId } from '../lib/install-id.ts';
import { isRoot } from '../lib/processes.ts';
import { run } from '../lib/run.ts';
import { SETTINGS } from '../settings.ts';
import { checkout } from './script.ts';

/** The default install's unit is called `danube`; other units carry the install id. */
export function unitName(home: string): string {
  return home === '/var/lib/danube' ? 'danube.service' : `danube-${installId(home)}.service`;
}

export const unitFile = (home: string): string => path.join('/etc/systemd/system', unitName(home));

export interface UnitOptions {
  home: string;
  checkout: string;
  /** Path of the Node that starts the launcher. */
  node: string;
  /** The settings in the present environment; the service gets the same. */
  environment: Record<string, string>;
}

/** The systemd unit, see systemd.service(5). */
export function unitText(options: UnitOptions): string {
  const environment = Object.entries(options.environment).map(
    // In Environment= systemd does not expand `$`, unlike in commands.
    ([name, value]) => `Environment=${quote(`${name}=${value}`).replaceAll('$$', '$')}`,
  );
  return `[Unit]
Description=Danube cloud platform (${options.home})
Documentation=file://${encodeURI(options.checkout).replaceAll('%', '%%')}/docs/operations.md
After=network-online.target lxcfs.service
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
WorkingDirectory=${options.checkout}
ExecStart=${quote(options.node)} ${quote(path.join(options.checkout, 'bin', 'danube.mjs'))} start
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
${environment.join('\n')}
Restart=always
RestartSec=2
# Instances and the daemons that carry them live in this unit's group and must survive a restart of the server.
KillMode=process
Delegate=yes
TimeoutStopSec=150
LimitNOFILE=1048576
LimitNPROC=infinity
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`;
}

/** In commands, systemd expands `%` and `$` and splits at spaces. */
const quote = (text: string): string => {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$').replace(/["\\]/g, '\\$&');
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
};

function currentUnit(home: string): string {
  const environment: Record<string, string> = { DANUBE_HOME: home };
  for (const { name } of SETTINGS) {
    const value = process.env[name]?.trim();
    if (value) environment[name] = value;
  }
  // The host's Node, as `npm start` uses: the one in node_modules may be replaced while the service is installed.
  const node = ['/usr/bin/node', '/usr/local/bin/node'].find((file) => existsSync(file)) ?? process.execPath;
  return unitText({ home, checkout, node, environment });
}

/** `danube install-service`. Throws {@link OperatorError} on a host that systemd does not run. */
export async function installService(options: { print: boolean }): Promise<number> {
  const { home } = readConfig(process.env);
  const unit = currentUnit(home);
  if (options.print) {
    process.stdout.write(unit);
    return 0;
  }
  if (!isSystemd()) {
    throw new OperatorError(
      'systemd does not run this host (it is not PID 1), so there is nothing to install a service in.',
      'Have your own init start `bin/danube.mjs start`: it supervises all it needs. `--print` shows the unit.',
    );
  }
  if (!isRoot()) throw new OperatorError('Installing a service needs root.', 'Run the command with sudo.');
  // The unit may contain DATABASE_URL with its password.
  await writeFile(unitFile(home), unit, { mode: 0o600 });
  await run('systemctl', ['daemon-reload']);
  await run('systemctl', ['enable', '--now', unitName(home)]);
  process.stdout.write(
    `${unitName(home)} is running and starts at boot. Its log: journalctl -fu ${unitName(home)}\n`,
  );
  return 0;
}

/** `danube uninstall-service`. Succeeds where no service is installed. */
export async function uninstallService(): Promise<number> {
  const { home } = readConfig(process.env);
  const removed = await removeService(home);
  process.stdout.write(
    removed ? `${unitName(home)} is removed; the data stays.\n` : 'There is no service.\n',
  );
  return 0;
}

/** Stops, disables and deletes the unit. False where there is none. */
export async function removeService(home: string): Promise<boolean> {
  if (!existsSync(unitFile(home))) return false;
  if (isSystemd()) await run('systemctl', ['disable', '--now', unitName(home)], { allow: 'any' });
  await rm(unitFile(home), { force: true });
  if (isSystemd()) await run('systemctl', ['daemon-reload']);
  return true;
}
