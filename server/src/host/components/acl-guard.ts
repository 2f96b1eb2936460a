import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { bridgePrefix } from '../../dataplane/incus/names.ts';
import type { HostComponent } from '../component.ts';
import { closeBridge, hostFirewall, openBridge, openBridges } from './host-firewall.ts';
import { usesLocalIncus } from './incus-connection.ts';
import { findIncusChains } from './incus-remains.ts';

/** A closed bridge opens by itself after this time, so that none stays closed for ever if this process dies. */
const CLOSED_SECONDS = 60;
/** Interval at which the time of a bridge that must stay closed is renewed. */
const RENEW_SECONDS = 20;

/**
 * Incus deletes the firewall rules of a network and writes them again when it starts, and when a setting of the network
 * changes. For most of a second, nothing is filtered.
 *
 * This guard monitors changes of nftables. It closes a bridge to new connections when its first chain is deleted, and
 * opens it when its last rule is back. That is early enough, because Incus deletes four other chains before those with
 * the rules, each with a separate command. Established connections are not affected. If somebody deletes a bridge's
 * rules for good, it stays closed until the data plane attaches the ACL again.
 */
export class AclGuard {
  readonly #installId: string;
  readonly #log: (message: string) => void;
  /** Bridges that have had rules. A bridge that never had any must not be closed for lack of them. */
  readonly #ruled = new Set<string>();
  readonly #closed = new Set<string>();
  #monitor: ChildProcess | null = null;
  #renewal: NodeJS.Timeout | null = null;
  /** The last command for nftables; commands run one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(installId: string, log: (message: string) => void) {
    this.#installId = installId;
    this.#log = log;
  }

  /** Starts monitoring. Needs root and the host's firewall table. */
  async start(): Promise<void> {
    this.stop();
    // An earlier guard may have died while bridges were closed. Their rules are back by now, unless Incus failed.
    this.#closed.clear();
    await openBridges(this.#installId);
    // `setpriv` makes the kernel kill the monitor when this process ends, for whatever reason.
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
        // If the network itself was deleted, its rules will not come back.
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
    // Closed bridges open by themselves, see CLOSED_SECONDS.
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
    // The last rule that Incus writes: it drops everything that no earlier rule matched.
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

/** Closes bridges while Incus rewrites their rules. Stops with Danube and leaves nothing behind. */
export const aclGuard: HostComponent = {
  name: 'Firewall guard',
  // Uses a set in the host firewall's table.
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
