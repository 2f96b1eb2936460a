import { passFence } from '../../lib/fence.ts';
import type { Limits, PowerState } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { SimOptions } from './data-plane.ts';
import { createFaults, type FaultInjector, type SimVerb } from './faults.ts';
import { type Journal, restoreJournal } from './journal.ts';
import { type Change, type SimInstance, type SimVolume, World } from './world.ts';

/** A shell that ends with its instance. */
export interface SimShell {
  ref: InstanceRef;
  generation: number;
  end(): void;
}

/** What the verbs of all subjects share: the world, how it changes, and the injected latency and failures. */
export class SimCore {
  readonly world = new World();
  readonly faults: FaultInjector = createFaults();
  /** Simulated instances count from here, in milliseconds since 1970. */
  readonly openedAt = Date.now();
  readonly calls = new Map<SimVerb, number>();
  readonly shells = new Set<SimShell>();
  readonly host: { vcpu: number; memoryMb: number };
  latencyMs: number;
  readonly #journal: Journal<Change> | null;

  constructor({ latencyMs, ...kept }: SimOptions, host: { vcpu: number; memoryMb: number }) {
    this.latencyMs = latencyMs;
    this.host = host;
    this.#journal = restoreJournal(kept, this.world);
  }

  /** Runs a verb's work, with the delay, failures and hooks that tests inject. */
  async verb<T>(verb: SimVerb, argument: unknown, work: () => T): Promise<T> {
    this.calls.set(verb, (this.calls.get(verb) ?? 0) + 1);
    await this.faults.enter(verb, argument);
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
    await passFence();
    const result = work();
    await this.faults.leave(verb, argument);
    return result;
  }

  /** Journals the change before applying it, so that a process killed in between replays it at its next start. */
  change(change: Change): void {
    this.#journal?.append(change);
    this.world.apply(change);
    for (const shell of this.shells) {
      const { power, generation } = this.find(shell.ref) ?? {};
      if (power === undefined || power === 'stopped' || generation !== shell.generation) shell.end();
    }
  }

  find(ref: InstanceRef): SimInstance | undefined {
    const instance = this.world.instances.get(ref.name);
    return instance?.ref.teamId === ref.teamId ? instance : undefined;
  }

  /** Throws `not_found` where the instance does not exist. */
  need(ref: InstanceRef): SimInstance {
    const instance = this.find(ref);
    if (!instance)
      throw new DataPlaneError('not_found', 'The instance does not exist.', { detail: ref.name });
    return instance;
  }

  /** The disk that a snapshot copies: the instance's volume, or its root disk where it has none. */
  diskOf({ ref, volumes: [mount], content }: SimInstance): Pick<SimVolume, 'ref' | 'content'> {
    const volume = mount && this.world.volumes.get(mount.ref.name);
    return volume ?? { ref, content };
  }

  setPower(ref: InstanceRef, power: PowerState): void {
    const instance = this.need(ref);
    if (instance.power !== power) this.change({ op: 'put', instance: { ...instance, power } });
  }

  capped(limits: Limits): Limits {
    return { ...limits, vcpu: Math.min(limits.vcpu, this.host.vcpu) };
  }

  close(): void {
    this.#journal?.close();
  }
}
