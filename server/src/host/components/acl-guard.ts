import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { bridgePrefix } from '../../dataplane/incus/names.ts';
import { run } from '../../lib/run.ts';
import type { HostComponent } from '../component.ts';
import { closeBridges, hostFirewall, openBridge } from './host-firewall.ts';
import { usesLocalIncus } from './incus-connection.ts';

/** A closed bridge opens by itself after this time, so that none stays closed for ever if this process dies. */
const CLOSED_SECONDS = 60;
/** Interval at which the time of a bridge that must stay closed is renewed. */
const RENEW_SECONDS = 20;
/** Seconds within which a new monitor has to tell of changes, also on a busy host. */
const HEARD_SECONDS = 60;

interface Closed {
  /** The last rule of the bridge when it was closed; 0 for none. It opens with a later one. */
  before: number;
  /** Whether it stays closed until it has rules. One that may never have had any opens by itself. */
  renewed: boolean;
}

/**
 * Incus deletes the firewall rules of a network and writes them again when it starts, and when a setting of the network
 * changes. For most of a second, nothing is filtered.
 *
 * So all bridges are closed to new connections before Incus is started, and each opens when its last rule has been written
 * since. Rules are told apart by their handles, numbers that nftables gives in ascending order: what the Incus before wrote
 * opens nothing, however late this guard reads of it.
 *
 * A change of a setting is not known before, so there the guard monitors nftables, and closes the bridge when its first
 * chain is deleted. That is early enough, because Incus deletes four other chains before those with the rules, each with a
 * separate command. If somebody deletes a bridge's rules for good, it stays closed until the data plane attaches the ACL
 * again. Established connections are not affected.
 */
export class AclGuard {
  readonly #installId: string;
  readonly #log: (message: string) => void;
  /** Bridges that have had rules, with the last one. A bridge that never had any must not be closed for lack of them. */
  readonly #ruled = new Map<string, number>();
  readonly #closed = new Map<string, Closed>();
  #monitor: ChildProcess | null = null;
  #renewal: NodeJS.Timeout | null = null;
  /** The last command for nftables; commands run one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(installId: string, log: (message: string) => void) {
    this.#installId = installId;
    this.#log = log;
  }

  /**
   * Starts monitoring. Needs root and the host's firewall table. Bridges that another process has left closed open by
   * themselves, unless their rules are missing.
   */
  async start(): Promise<void> {
    this.stop();
    // `setpriv` makes the kernel kill the monitor when this process ends, for whatever reason.
    const monitor = spawn('setpriv', ['--pdeathsig', 'KILL', 'nft', '--handle', 'monitor'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise<void>((resolve, reject) => {
      monitor.once('spawn', resolve);
      monitor.once('error', reject);
    });
    this.#monitor = monitor;
    const lines = createInterface({ input: monitor.stdout }).on('line', (line) => this.#read(line));
    await this.#untilHeard(lines);
    this.#renewal = setInterval(() => this.#queue(() => this.#renew()), RENEW_SECONDS * 1000);
    this.#renewal.unref();
    this.#queue(() => this.#look());
    await this.#work;
  }

  /** A monitor that was just spawned hears nothing yet: makes changes until it tells of one. */
  async #untilHeard(lines: Interface): Promise<void> {
    let heard = false;
    lines.once('line', () => {
      heard = true;
    });
    const deadline = Date.now() + HEARD_SECONDS * 1000;
    while (!heard) {
      if (!this.isUp() || Date.now() > deadline) throw new Error('`nft monitor` tells of no change.');
      await openBridge(this.#installId, `${bridgePrefix(this.#installId)}guard`);
      await delay(20);
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

  /**
   * Closes all bridges until Incus has written their rules anew. To be called while no Incus runs, before it starts. Throws
   * where a bridge cannot be closed.
   */
  closeAll(): Promise<void> {
    const work = this.#work.then(async () => {
      const rules = await findLastRules(this.#installId);
      for (const bridge of findBridges(this.#installId)) {
        const before = rules.get(bridge) ?? this.#closed.get(bridge)?.before ?? this.#ruled.get(bridge) ?? 0;
        const renewed = rules.has(bridge) || this.#ruled.has(bridge);
        this.#closed.set(bridge, { before, renewed });
      }
      await closeBridges(this.#installId, [...this.#closed.keys()], CLOSED_SECONDS);
    });
    this.#work = work.catch(() => undefined);
    return work;
  }

  #read(line: string): void {
    const [, verb, what, chain, bridge = '', rule = '', handle] =
      /^(add|delete) (chain|rule) inet incus (\w+)\.(\S+)(.*?)(?: # handle (\d+))?$/.exec(line) ?? [];
    if (!bridge.startsWith(bridgePrefix(this.#installId))) return;
    if (verb === 'delete' && what === 'chain') this.#closeRuled(bridge);
    // The last rule that Incus writes: it drops everything that no earlier rule matched.
    const isLast = verb === 'add' && chain === 'acl' && rule.endsWith(` oifname "${bridge}" drop`);
    // A late line may be of rules that were gone when the bridge was closed.
    const isNew = Number(handle) > (this.#closed.get(bridge)?.before ?? 0);
    if (isLast && isNew) this.#hasRules(bridge, Number(handle));
  }

  /** Its rules are going. */
  #closeRuled(bridge: string): void {
    const before = this.#ruled.get(bridge);
    if (before === undefined || this.#closed.get(bridge)?.renewed) return;
    this.#closed.set(bridge, { before, renewed: true });
    this.#queue(() => closeBridges(this.#installId, [bridge], CLOSED_SECONDS));
  }

  #hasRules(bridge: string, last: number): void {
    this.#ruled.set(bridge, last);
    if (this.#closed.get(bridge)?.before === last || !this.#closed.delete(bridge)) return;
    // It may have been closed again meanwhile.
    this.#queue(async () => {
      if (!this.#closed.has(bridge)) await openBridge(this.#installId, bridge);
    });
  }

  /** Reads which bridges have rules, as the monitor tells only of changes. */
  async #look(): Promise<void> {
    for (const [bridge, last] of await findLastRules(this.#installId)) this.#hasRules(bridge, last);
  }

  async #renew(): Promise<void> {
    if (this.#closed.size === 0) return;
    const present = new Set(findBridges(this.#installId));
    for (const [bridge, { renewed }] of this.#closed) {
      // If the network itself was deleted, its rules will not come back.
      if (!present.has(bridge)) this.#ruled.delete(bridge);
      if (!present.has(bridge) || !renewed) this.#closed.delete(bridge);
    }
    await closeBridges(this.#installId, [...this.#closed.keys()], CLOSED_SECONDS);
    await this.#look();
  }

  #queue(work: () => Promise<void>): void {
    this.#work = this.#work
      .then(work)
      .catch((error: unknown) => this.#log(`A bridge cannot be closed or opened: ${String(error)}`));
  }
}

const findBridges = (installId: string): string[] =>
  readdirSync('/sys/class/net').filter((name) => name.startsWith(bridgePrefix(installId)));

/** The handle of the last rule of each bridge whose rules are complete. */
async function findLastRules(installId: string): Promise<Map<string, number>> {
  const { stdout } = await run('nft', ['--handle', 'list', 'table', 'inet', 'incus'], { allow: 'any' });
  const found = new Map<string, number>();
  for (const [, bridge = '', rules = ''] of stdout.matchAll(/^\tchain acl\.(\S+) \{[^\n]*\n(.*?)^\t\}/gms)) {
    const [, name, handle] = /oifname "(\S+)" drop # handle (\d+)\s*$/.exec(rules) ?? [];
    if (name === bridge && bridge.startsWith(bridgePrefix(installId))) found.set(bridge, Number(handle));
  }
  return found;
}

/** The guards of this process, by install. */
const guards = new Map<string, AclGuard>();

/** Closes the bridges of an install before its Incus starts. Does nothing where this process does not guard them. */
export const closeBeforeIncus = async (installId: string): Promise<void> => guards.get(installId)?.closeAll();

/** Closes bridges while Incus rewrites their rules. Stops with Danube and leaves nothing behind. */
export const aclGuard: HostComponent = {
  name: 'Firewall guard',
  // Uses a set in the host firewall's table.
  after: [hostFirewall],
  appliesTo: usesLocalIncus,
  create({ installId, log }) {
    const guard = new AclGuard(installId, log);
    guards.set(installId, guard);
    return {
      title: 'Starting the firewall guard',
      ensure: () => guard.start(),
      isUp: () => guard.isUp(),
      stop: async () => guard.stop(),
    };
  },
};
