import { CATALOG } from '../../images/catalog.ts';
import { SERVICE_IMAGES } from '../../images/recipes.ts';
import type { Progress } from '../../lib/progress.ts';
import type { EngineParameter } from '../../services/provider.ts';
import type {
  ControlVerb,
  InstanceDetail,
  InstanceFile,
  InstanceReport,
  InstanceSettings,
  InstanceSpec,
  Limits,
  PowerState,
  Usage,
} from '../contract/compute.ts';
import type { DataPlane, DataPlaneReport } from '../contract/data-plane.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { ImageReport } from '../contract/images.ts';
import type { InstanceFirewall, TenantSpec } from '../contract/networks.ts';
import type { InstanceRef, SnapshotRef } from '../contract/refs.ts';
import type { SnapshotReport } from '../contract/snapshots.ts';
import { createFaults, type SimFaults, type SimVerb } from './faults.ts';
import { type Journal, openJournal, rewriteJournal } from './journal.ts';
import { controlAnswer, PARAMETERS } from './service.ts';
import { type Change, checkPublish, digests, type SimInstance, World } from './world.ts';

const IMAGES: ReadonlySet<string> = new Set([...CATALOG.map(({ id }) => id), ...SERVICE_IMAGES]);

export interface SimOptions {
  /** Keeps the simulated instances over a restart, a SIGKILL too. One process uses it at a time. Null: in memory only. */
  stateFile: string | null;
  /** Time that each verb takes, in milliseconds. */
  latencyMs: number;
  /** The simulated host; by default 64 cores and 1 TB, so that no plan is capped. */
  host?: { vcpu: number; memoryMb: number };
}

/** What happens to instances without Danube having asked for it. */
export interface SimDrift {
  /** The guest shut itself down. */
  stopFromInside(ref: InstanceRef): void;
  /** A snapshot was cut off while the guest was halted for it. */
  freeze(ref: InstanceRef): void;
  /** The instance is in a state that the data plane cannot handle. */
  breakInstance(ref: InstanceRef): void;
  /** Someone deleted the instance in the data plane. */
  deleteBehindOurBack(ref: InstanceRef): void;
  /** An instance that no row knows of. Needs the tenant. */
  leak(spec: InstanceSpec): void;
  /** The disk of the instance holds so many bytes from now on. */
  fillDisk(ref: InstanceRef, bytes: number): void;
  /** The guest keeps this on the disk that a snapshot takes; empty on a new disk. */
  writeDisk(ref: InstanceRef, content: string): void;
}

export interface SimDataPlane extends DataPlane {
  readonly name: 'sim';
  readonly faults: SimFaults;
  readonly drift: SimDrift;
  /** How often each verb was called, failed calls included. */
  readonly calls: ReadonlyMap<SimVerb, number>;
  setLatency(milliseconds: number): void;
  /** What {@link SimDrift.writeDisk} wrote, or what a snapshot brought back. */
  readDisk(ref: InstanceRef): string;
  /** What the team's network lets pass. */
  firewallsOf(teamId: number): readonly InstanceFirewall[];
  /** The services of all instances answer a verb so, until the returned function is called. */
  answerControl(verb: ControlVerb, answer: string): () => void;
}

/**
 * A data plane in memory that keeps every promise of {@link DataPlane} and starts nothing. Verbs take constant time, so
 * that the control plane can be tested and measured with 100,000 instances.
 */
export function createSimDataPlane(options: SimOptions): SimDataPlane {
  return new Sim(options);
}

class Sim implements SimDataPlane {
  readonly name = 'sim';
  readonly faults = createFaults();
  readonly drift: SimDrift;
  readonly calls = new Map<SimVerb, number>();
  readonly #world = new World();
  readonly #journal: Journal<Change> | null;
  readonly #host: { vcpu: number; memoryMb: number };
  readonly #diskBytes = new Map<string, number>();
  readonly #controlAnswers = new Map<ControlVerb, string>();
  #latencyMs: number;

  constructor(options: SimOptions) {
    this.#host = options.host ?? { vcpu: 64, memoryMb: 1024 * 1024 };
    this.#latencyMs = options.latencyMs;
    this.#journal = options.stateFile === null ? null : this.#restore(options.stateFile);
    this.drift = {
      stopFromInside: (ref) => this.#setPower(ref, 'stopped'),
      freeze: (ref) => this.#setPower(ref, 'frozen'),
      breakInstance: (ref) => this.#setPower(ref, 'error'),
      deleteBehindOurBack: (ref) => this.#change({ op: 'delete', name: this.#need(ref).ref.name }),
      leak: (spec) => this.#place(spec),
      fillDisk: (ref, bytes) => void this.#diskBytes.set(ref.name, bytes),
      writeDisk: (ref, content) => this.#change({ op: 'put', instance: { ...this.#need(ref), content } }),
    };
  }

  setLatency(milliseconds: number): void {
    this.#latencyMs = milliseconds;
  }

  readDisk(ref: InstanceRef): string {
    return this.#need(ref).content;
  }

  firewallsOf(teamId: number): readonly InstanceFirewall[] {
    return this.#world.firewalls.get(teamId) ?? [];
  }

  answerControl(verb: ControlVerb, answer: string): () => void {
    this.#controlAnswers.set(verb, answer);
    return () => void this.#controlAnswers.delete(verb);
  }

  describe(): Promise<DataPlaneReport> {
    return this.#verb('describe', null, () => ({
      name: 'sim',
      version: '1',
      virtualization: 'container',
      host: { ...this.#host },
    }));
  }

  ensureTenant(tenant: TenantSpec): Promise<void> {
    return this.#verb('ensureTenant', tenant, () => {
      const present = this.#world.tenants.get(tenant.teamId);
      if (present && JSON.stringify(present.spec) === JSON.stringify(tenant)) return;
      this.#change({ op: 'tenant', tenant });
    });
  }

  removeTenant(teamId: number): Promise<void> {
    return this.#verb('removeTenant', teamId, () => {
      const tenant = this.#world.tenants.get(teamId);
      if (!tenant) return;
      if (tenant.instances > 0) throw new DataPlaneError('invalid', `Team ${teamId} still has instances.`);
      this.#change({ op: 'untenant', teamId });
    });
  }

  ensureFirewalls(teamId: number, firewalls: readonly InstanceFirewall[]): Promise<void> {
    return this.#verb('ensureFirewalls', teamId, () => {
      if (!this.#world.tenants.has(teamId)) {
        throw new DataPlaneError('not_found', `Team ${teamId} has no network.`);
      }
      if (JSON.stringify(firewalls) === JSON.stringify(this.firewallsOf(teamId))) return;
      this.#change({ op: 'firewalls', teamId, firewalls });
    });
  }

  listImages(): Promise<ImageReport[]> {
    return this.#verb('listImages', null, () =>
      Array.from(IMAGES, (name) => ({
        name,
        state: this.#world.images.has(name) ? 'ready' : 'buildable',
        reason: null,
      })),
    );
  }

  imageParameters(name: string): Promise<readonly EngineParameter[] | null> {
    return this.#verb('imageParameters', name, () =>
      this.#world.images.has(name) && SERVICE_IMAGES.includes(name) ? PARAMETERS : null,
    );
  }

  ensureImage(name: string, progress?: Progress, _rebuild?: boolean): Promise<void> {
    return this.#verb('ensureImage', name, () => {
      if (!IMAGES.has(name)) throw new DataPlaneError('image_unavailable', `There is no image "${name}".`);
      if (this.#world.images.has(name)) return;
      progress?.(`Simulating image ${name}`, 100);
      this.#change({ op: 'image', name });
    });
  }

  ensureInstance(spec: InstanceSpec, from?: SnapshotRef): Promise<void> {
    return this.#verb('ensureInstance', spec, () => {
      const present = this.#world.instances.get(spec.ref.name);
      if (present && present.generation > spec.generation) {
        throw new DataPlaneError('invalid', 'A newer installation of this instance exists.');
      }
      if (present?.generation !== spec.generation) return this.#place(spec, from);
      this.#setPower(spec.ref, 'running');
      this.#write(spec.ref, spec.files);
    });
  }

  ensureSettings(ref: InstanceRef, settings: InstanceSettings): Promise<void> {
    return this.#verb('ensureSettings', ref, () => {
      const instance = this.#need(ref);
      const { limits, publish, autoStart } = settings;
      if (limits.diskGb < instance.limits.diskGb)
        throw new DataPlaneError('invalid', 'A disk cannot shrink.');
      checkPublish(settings, instance.addresses);
      this.#change({
        op: 'put',
        instance: { ...instance, limits: this.#capped(limits), publish, autoStart },
      });
    });
  }

  ensureFiles(ref: InstanceRef, files: readonly InstanceFile[]): Promise<void> {
    return this.#verb('ensureFiles', ref, () => this.#write(ref, files));
  }

  ensureRunning(ref: InstanceRef): Promise<void> {
    return this.#verb('ensureRunning', ref, () => this.#setPower(ref, 'running'));
  }

  ensureStopped(ref: InstanceRef, _graceSeconds: number): Promise<void> {
    return this.#verb('ensureStopped', ref, () => this.#setPower(ref, 'stopped'));
  }

  waitForSsh(ref: InstanceRef, timeoutSeconds: number): Promise<void> {
    return this.#verb('waitForSsh', ref, () => this.#answersOnce('SSH', ref, timeoutSeconds));
  }

  waitForService(ref: InstanceRef, timeoutSeconds: number): Promise<void> {
    return this.#verb('waitForService', ref, () => this.#answersOnce('The service', ref, timeoutSeconds));
  }

  control(ref: InstanceRef, verb: ControlVerb): Promise<string> {
    return this.#verb('control', ref, () => {
      if (this.#need(ref).power !== 'running')
        throw new DataPlaneError('invalid', 'The instance does not run.');
      return this.#controlAnswers.get(verb) ?? controlAnswer(verb);
    });
  }

  describeUsage(ref: InstanceRef): Promise<Usage | null> {
    return this.#verb('describeUsage', ref, () => {
      const instance = this.#find(ref);
      if (!instance) return null;
      const used = instance.power === 'running' ? 0 : null;
      return { memoryBytes: used, cpuSeconds: used, diskBytes: this.#diskBytes.get(ref.name) ?? 0 };
    });
  }

  removeInstance(ref: InstanceRef): Promise<void> {
    return this.#verb('removeInstance', ref, () => {
      if (this.#find(ref)) this.#change({ op: 'delete', name: ref.name });
    });
  }

  ensureSnapshot(ref: InstanceRef, snapshot: SnapshotRef): Promise<void> {
    return this.#verb('ensureSnapshot', snapshot, () => {
      if (this.#world.snapshots.has(snapshot.name)) return;
      const { content } = this.#need(ref);
      const diskBytes = this.#diskBytes.get(ref.name) ?? 0;
      this.#change({ op: 'snapshot', snapshot: { ref: snapshot, content, diskBytes } });
    });
  }

  describeSnapshot(snapshot: SnapshotRef): Promise<SnapshotReport | null> {
    return this.#verb('describeSnapshot', snapshot, () => {
      const found = this.#world.snapshots.get(snapshot.name);
      return found?.ref.teamId === snapshot.teamId ? { ref: found.ref, diskBytes: found.diskBytes } : null;
    });
  }

  removeSnapshot(snapshot: SnapshotRef): Promise<void> {
    return this.#verb('removeSnapshot', snapshot, () => {
      if (this.#world.snapshots.has(snapshot.name)) this.#change({ op: 'unsnapshot', name: snapshot.name });
    });
  }

  listSnapshots(): Promise<SnapshotRef[]> {
    return this.#verb('listSnapshots', null, () =>
      Array.from(this.#world.snapshots.values(), ({ ref }) => ref),
    );
  }

  describeInstance(ref: InstanceRef): Promise<InstanceDetail | null> {
    return this.#verb('describeInstance', ref, () => {
      const found = this.#find(ref);
      if (!found) return null;
      const { power, generation, limits, image, addresses } = found;
      return { ref: found.ref, power, generation, limits, image, addresses };
    });
  }

  listInstances(): Promise<InstanceReport[]> {
    return this.#verb('listInstances', null, () =>
      Array.from(this.#world.instances.values(), ({ ref, power, generation }) => ({
        ref,
        power,
        generation,
      })),
    );
  }

  async close(): Promise<void> {
    this.#journal?.close();
  }

  async #verb<T>(verb: SimVerb, argument: unknown, work: () => T): Promise<T> {
    this.calls.set(verb, (this.calls.get(verb) ?? 0) + 1);
    await this.faults.enter(verb, argument);
    if (this.#latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#latencyMs));
    const result = work();
    await this.faults.leave(verb, argument);
    return result;
  }

  #find(ref: InstanceRef): SimInstance | undefined {
    const instance = this.#world.instances.get(ref.name);
    return instance?.ref.teamId === ref.teamId ? instance : undefined;
  }

  #need(ref: InstanceRef): SimInstance {
    const instance = this.#find(ref);
    if (!instance)
      throw new DataPlaneError('not_found', 'The instance does not exist.', { detail: ref.name });
    return instance;
  }

  #place(spec: InstanceSpec, from?: SnapshotRef): void {
    this.#world.checkPlacement(spec);
    const origin = from && this.#world.snapshots.get(from.name);
    if (from && !origin) {
      throw new DataPlaneError('not_found', 'The snapshot does not exist.', { detail: from.name });
    }
    const kept = spec.dataVolume ? this.#find(spec.ref)?.content : undefined;
    // The root disk of a server that is made from a snapshot is in the snapshot.
    if (!(from && !spec.dataVolume) && !this.#world.images.has(spec.image)) {
      throw new DataPlaneError('image_unavailable', `The image "${spec.image}" is not ready.`);
    }
    const { userData: _secret, network: _network, files, ...rest } = spec;
    this.#change({
      op: 'put',
      instance: {
        ...rest,
        limits: this.#limitsOf(spec),
        files: digests(files),
        content: origin?.content ?? kept ?? '',
        power: 'running',
      },
    });
  }

  /** A data volume stays when a newer generation replaces its instance, and only grows. */
  #limitsOf({ ref, limits, dataVolume }: InstanceSpec): Limits {
    const replaced = this.#find(ref);
    const kept = dataVolume && replaced?.dataVolume ? replaced.limits.diskGb : 0;
    return { ...this.#capped(limits), diskGb: Math.max(limits.diskGb, kept) };
  }

  #write(ref: InstanceRef, files: readonly InstanceFile[]): void {
    const instance = this.#need(ref);
    const written = { ...instance.files, ...digests(files) };
    if (JSON.stringify(written) === JSON.stringify(instance.files)) return;
    this.#change({ op: 'put', instance: { ...instance, files: written } });
  }

  #answersOnce(subject: string, ref: InstanceRef, timeoutSeconds: number): void {
    if (this.#need(ref).power === 'running') return;
    throw new DataPlaneError('timeout', `${subject} did not answer within ${timeoutSeconds} seconds.`);
  }

  #setPower(ref: InstanceRef, power: PowerState): void {
    const instance = this.#need(ref);
    if (instance.power !== power) this.#change({ op: 'put', instance: { ...instance, power } });
  }

  #capped(limits: Limits): Limits {
    return { ...limits, vcpu: Math.min(limits.vcpu, this.#host.vcpu) };
  }

  /** Written down first, then done: a process killed between the two finds the change when it starts again. */
  #change(change: Change): void {
    this.#journal?.append(change);
    this.#world.apply(change);
  }

  #restore(file: string): Journal<Change> {
    openJournal<Change>(file, (change) => this.#world.apply(change)).close();
    rewriteJournal(file, this.#world.changes());
    return openJournal<Change>(file, () => {});
  }
}
