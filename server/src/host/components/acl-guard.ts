import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { bridgePrefix } from '../../dataplane/incus/names.ts';
import type { HostComponent } from '../component.ts';
import { closeBridge, hostFirewall, openBridge, openBridges } from './host-firewall.ts';
import { usesLocalIncus } from './incus-connection.ts';
import { findIncusChains } from './incus-remains.ts';

/** A closed bridge opens by itself after this time, so none stays closed for ever when this process dies. */
const CLOSED_SECONDS = 60;
/** How often the time of a bridge that has to stay closed is renewed. */
const RENEW_SECONDS = 20;

/**
 * Incus deletes the firewall rules of a network and writes them again whenever it starts, and whenever a setting of the
 * network changes. For most of a second, nothing is filtered.
 *
 * This guard watches the changes of nftables. It closes a bridge to new connections when the first chain is deleted,
 * and opens it when the last rule is back. It is fast enough, because Incus deletes four other chains before those with
 * the rules, each with a command of its own. Established connections are not touched. A bridge whose rules somebody
 * deleted for good stays closed until the data plane attaches them again.
 */
export class AclGuard {
  readonly #installId: string;
  readonly #log: (message: string) => void;
  /** Bridges that have rules. One that never had any must not be closed because they are missing. */
  readonly #ruled = new Set<string>();
  readonly #closed = new Set<string>();
  #monitor: ChildProcess | null = null;
  #renewal: NodeJS.Timeout | null = null;
  /** The end of the queue of commands for nftables, which run one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(installId: string, log: (message: string) => void) {
    this.#installId = installId;
    this.#log = log;
  }

  /** Begins to watch. Needs root and the host's firewall table. */
  async start(): Promise<void> {
    this.stop();
    // An earlier guard may have died while bridges were closed. Their rules are back by now, or Incus is broken.
    this.#closed.clear();
    await openBridges(this.#installId);
    // `setpriv` makes the kernel kill it when this process ends, however it ends.
    const monitor = spawn('setpriv', ['--pdeathsig', 'KILL', 'nft', 'monitor'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise<void>((resolve, reject) => {
      monitor.once('spawn', resolve);
      monitor.once('error', reject);
    });
    this.#monitor = monitor;
    createInterface({ input: monitor.stdout }).on('line', (line) => this.#read(line));
    this.#renewal = setInterval(() => {
      for (const bridge of this.#closed) {
        // The network may be gone, with its rules: then nobody writes them again.
        if (existsSync(`/sys/class/net/${bridge}`)) {
          this.#queue(() => this.#close(bridge));
          continue;
        }
        this.#ruled.delete(bridge);
        this.#open(bridge);
      }
    }, RENEW_SECONDS * 1000);
    this.#renewal.unref();
    for (const { name } of await findIncusChains(this.#installId)) {
      if (name.startsWith('aclfwd.')) this.#ruled.add(name.slice('aclfwd.'.length));
    }
  }

  isUp(): boolean {
    return this.#monitor !== null && this.#monitor.exitCode === null && this.#monitor.signalCode === null;
  }

  stop(): void {
    // Bridges that are closed now open by themselves, see CLOSED_SECONDS.
    if (this.#renewal) clearInterval(this.#renewal);
    this.#monitor?.kill('SIGKILL');
    this.#monitor = null;
    this.#renewal = null;
  }

  #read(line: string): void {
    const [, verb, what, chain, bridge = '', rule = ''] =
      /^(add|delete) (chain|rule) inet incus (\w+)\.(\S+)(.*)$/.exec(line) ?? [];
    if (!bridge.startsWith(bridgePrefix(this.#installId))) return;
    if (verb === 'delete' && what === 'chain' && this.#ruled.has(bridge) && !this.#closed.has(bridge)) {
      this.#closed.add(bridge);
      this.#queue(() => this.#close(bridge));
    }
    // Incus writes this rule last: it drops what no other rule matches.
    const isLast = verb === 'add' && chain === 'acl' && rule.endsWith(` oifname "${bridge}" drop`);
    if (!isLast) return;
    this.#ruled.add(bridge);
    this.#open(bridge);
  }

  #open(bridge: string): void {
    if (this.#closed.delete(bridge)) this.#queue(() => openBridge(this.#installId, bridge));
  }

  #close(bridge: string): Promise<void> {
    return closeBridge(this.#installId, bridge, CLOSED_SECONDS);
  }

  #queue(work: () => Promise<void>): void {
    this.#work = this.#work
      .then(work)
      .catch((error: unknown) => this.#log(`A bridge cannot be closed or opened: ${String(error)}`));
  }
}

/** Closes bridges while Incus makes their rules anew. It ends with Danube, and leaves nothing behind. */
export const aclGuard: HostComponent = {
  name: 'Firewall guard',
  // It closes bridges in the table of the host's firewall.
  after: [hostFirewall],
  appliesTo: usesLocalIncus,
  create({ installId, log }) {
    const guard = new AclGuard(installId, log);
    return {
      title: 'Starting the firewall guard',
      ensure: () => guard.start(),
      isUp: () => guard.isUp(),
      stop: async () => guard.stop(),
    };
  },
};
