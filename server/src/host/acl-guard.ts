import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { bridgePrefix } from '../dataplane/incus/names.ts';
import { closeBridge, openBridge, openBridges } from './host-firewall.ts';
import { findIncusChains } from './remains.ts';

/**
 * Seconds that a bridge stays closed at the most when nobody is left to open it, and between two renewals while somebody is.
 */
const CLOSED_SECONDS = 60;
const RENEW_SECONDS = 20;

/**
 * Incus takes the rules of a network away and makes them anew whenever it starts, and when a setting of the network changes:
 * for most of a second nothing is filtered. This watches nftables, and lets no connection begin through a bridge
 * from the first chain that goes until the last rule is back. Incus removes four other chains before those with the rules,
 * each by a command of its own, which is time enough to be faster. Established connections are not touched. A bridge whose
 * rules somebody took away for good stays closed until the data plane attaches them again.
 */
export class AclGuard {
  readonly #installId: string;
  readonly #log: (message: string) => void;
  /** Bridges with rules: one that never had any is not to be closed for want of them. */
  readonly #ruled = new Set<string>();
  readonly #closed = new Set<string>();
  #monitor: ChildProcess | null = null;
  #renewal: NodeJS.Timeout | null = null;
  /** Commands for nftables, one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(installId: string, log: (message: string) => void) {
    this.#installId = installId;
    this.#log = log;
  }

  /** Begins to watch. Needs root and the host's firewall table. */
  async start(): Promise<void> {
    this.stop();
    // Whatever was closed by one that did not see the end: its rules are back by now, or Incus is broken.
    this.#closed.clear();
    await openBridges(this.#installId);
    // Ends with us, whatever ends us.
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
        // Where the network was removed, and its rules with it, nobody brings them back.
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
    // What is closed opens by itself.
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
    // What is dropped where no rule matches: the end of the rules.
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
