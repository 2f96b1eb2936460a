import type { Log } from '../../lib/log.ts';
import type { Progress } from '../../lib/progress.ts';
import type { EngineParameter } from '../../services/provider.ts';
import type {
  ControlVerb,
  InstanceDetail,
  InstanceFile,
  InstanceReport,
  InstanceSettings,
  InstanceSpec,
  Usage,
} from '../contract/compute.ts';
import type { DataPlane, DataPlaneReport } from '../contract/data-plane.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { ImageReport } from '../contract/images.ts';
import type { InstanceFirewall, TenantSpec } from '../contract/networks.ts';
import type { InstanceRef, SnapshotRef } from '../contract/refs.ts';
import type { SnapshotReport } from '../contract/snapshots.ts';
import { IncusClient, type IncusConnection } from './client.ts';
import { runControl } from './control.ts';
import { hasDataVolume } from './devices.ts';
import { DiskUsage } from './disk-usage.ts';
import { Firewalls } from './firewalls.ts';
import { writeFiles } from './guest-files.ts';
import { Images } from './images.ts';
import { generationOf, toDetail, toReport } from './instance-config.ts';
import { Instances, type RootDisk } from './instances.ts';
import { BootSlots, KeyedMutex } from './limiter.ts';
import { isSnapshot, teamOf } from './names.ts';
import { type Probe, SERVICE, SSH, waitUntilReady } from './probe.ts';
import { Snapshots } from './snapshots.ts';
import { Tenants } from './tenants.ts';
import { describeUsage } from './usage.ts';
import { Volumes } from './volumes.ts';

export interface IncusOptions {
  connection: IncusConnection;
  /** Six hex digits; see `names.ts`. */
  installId: string;
  /** Storage pool for the disks of instances. */
  pool: string;
  /** Folder for images that are built here. */
  imageCache: string;
  log: Log;
}

/** The real data plane: containers in Incus, on this host or elsewhere. */
export function createIncusDataPlane(options: IncusOptions): DataPlane {
  return new IncusDataPlane(options);
}

const BYTES_PER_GB = 1024 ** 3;

interface Host {
  vcpu: number;
  memoryMb: number;
}

class IncusDataPlane implements DataPlane {
  readonly name = 'incus';
  readonly #client: IncusClient;
  readonly #options: IncusOptions;
  readonly #tenants: Tenants;
  readonly #firewalls: Firewalls;
  readonly #instances: Instances;
  readonly #volumes: Volumes;
  readonly #usage: DiskUsage;
  readonly #snapshots: Snapshots;
  readonly #images: Images;
  readonly #perInstance = new KeyedMutex();
  readonly #perTenant = new KeyedMutex();
  #host: Promise<Host> | null = null;
  #slots: BootSlots | null = null;

  constructor(options: IncusOptions) {
    this.#options = options;
    this.#client = new IncusClient(options.connection);
    const isLocal = 'socketPath' in options.connection;
    this.#firewalls = new Firewalls(this.#client, options.installId);
    this.#tenants = new Tenants(this.#client, options.installId, this.#firewalls, isLocal);
    this.#instances = new Instances(this.#client, options.installId, isLocal);
    this.#volumes = new Volumes(this.#client, options);
    this.#usage = new DiskUsage(options.connection, options.pool);
    this.#snapshots = new Snapshots({
      client: this.#client,
      instances: this.#instances,
      volumes: this.#volumes,
      usage: this.#usage,
      installId: options.installId,
      log: options.log,
    });
    this.#images = new Images(this.#client, options);
  }

  async describe(): Promise<DataPlaneReport> {
    const [server, host] = await Promise.all([
      this.#client.get<{ environment: { server_version: string } }>('/1.0'),
      this.#getHost(),
    ]);
    return {
      name: 'incus',
      version: server.environment.server_version,
      virtualization: 'container',
      host: { ...host },
    };
  }

  ensureTenant(tenant: TenantSpec): Promise<void> {
    return this.#perTenant.run(String(tenant.teamId), () => this.#tenants.ensure(tenant));
  }

  ensureFirewalls(teamId: number, firewalls: readonly InstanceFirewall[]): Promise<void> {
    return this.#perTenant.run(String(teamId), () => this.#firewalls.ensure(teamId, firewalls));
  }

  removeTenant(teamId: number): Promise<void> {
    return this.#perTenant.run(String(teamId), async () => {
      if ((await this.listInstances()).some(({ ref }) => ref.teamId === teamId)) {
        throw new DataPlaneError('invalid', `Team ${teamId} still has instances.`);
      }
      for (const snapshot of await this.listSnapshots()) {
        if (snapshot.teamId === teamId) await this.removeSnapshot(snapshot);
      }
      await this.#tenants.remove(teamId);
    });
  }

  listImages(): Promise<ImageReport[]> {
    return this.#images.list();
  }

  imageParameters(name: string): Promise<readonly EngineParameter[] | null> {
    return this.#images.parameters(name);
  }

  ensureImage(name: string, progress?: Progress, rebuild = false): Promise<void> {
    return this.#images.ensure(name, progress, rebuild);
  }

  ensureInstance(spec: InstanceSpec, from?: SnapshotRef): Promise<void> {
    const { ref } = spec;
    return this.#perInstance.run(ref.name, async () => {
      const host = await this.#getHost();
      const slots = this.#getSlots(host);
      await slots.enter(ref.name);
      try {
        if (from) await this.#perInstance.run(from.name, () => this.#placeFrom(spec, from, host));
        else await this.#place(spec, host);
        await writeFiles(this.#client, this.#instances, ref, spec.files);
      } catch (error) {
        slots.leave(ref.name);
        throw error;
      }
    });
  }

  async #place(spec: InstanceSpec, host: Host, disk: RootDisk | null = null): Promise<void> {
    const { installId, pool } = this.#options;
    if (spec.dataVolume) await this.#volumes.ensure(spec.ref, spec.limits.diskGb);
    await this.#instances.ensure(spec, { installId, pool, hostVcpu: host.vcpu }, disk);
  }

  async #placeFrom(spec: InstanceSpec, from: SnapshotRef, host: Host): Promise<void> {
    const { ref } = spec;
    const present = await this.#instances.findOlder(spec);
    const isOlder = present !== null && generationOf(present) < spec.generation;
    const isThere = present !== null && !isOlder;
    // What its volume holds came from the snapshot before it, and stays also where the instance was lost since.
    if (spec.dataVolume && (isThere || (await this.#volumes.isRestored(ref, spec.generation)))) {
      return this.#place(spec, host);
    }
    const kept = await this.#snapshots.find(from);
    if (!kept || spec.dataVolume !== (kept.instance === null)) {
      // It was made from the snapshot before that went.
      if (isThere) return this.#instances.start(ref);
      throw new DataPlaneError('not_found', 'The snapshot does not exist.', { detail: from.name });
    }
    const heldGb = Math.ceil((await this.#snapshots.diskBytes(kept)) / BYTES_PER_GB);
    const diskGb = Math.max(spec.limits.diskGb, heldGb);
    if (kept.instance) return this.#place(spec, host, { snapshot: kept.instance, diskGb });
    if (isOlder) await this.#instances.remove(ref);
    await this.#volumes.restore(ref, from, diskGb, spec.generation);
    await this.#place(spec, host);
  }

  async ensureSettings(ref: InstanceRef, settings: InstanceSettings): Promise<void> {
    const host = await this.#getHost();
    await this.#perInstance.run(ref.name, async () => {
      const { devices } = await this.#instances.get(ref);
      // First, because it refuses to shrink: then nothing has changed.
      if (hasDataVolume(devices)) await this.#volumes.grow(ref, settings.limits.diskGb);
      await this.#instances.setSettings(ref, settings, host.vcpu);
    });
  }

  ensureFiles(ref: InstanceRef, files: readonly InstanceFile[]): Promise<void> {
    return this.#perInstance.run(ref.name, () => writeFiles(this.#client, this.#instances, ref, files));
  }

  ensureRunning(ref: InstanceRef): Promise<void> {
    return this.#perInstance.run(ref.name, () => this.#instances.start(ref));
  }

  ensureStopped(ref: InstanceRef, graceSeconds: number): Promise<void> {
    return this.#perInstance.run(ref.name, () => this.#instances.stop(ref, graceSeconds));
  }

  waitForSsh(ref: InstanceRef, timeoutSeconds: number): Promise<void> {
    return this.#waitFor(SSH, ref, timeoutSeconds);
  }

  waitForService(ref: InstanceRef, timeoutSeconds: number): Promise<void> {
    return this.#waitFor(SERVICE, ref, timeoutSeconds);
  }

  async #waitFor(probe: Probe, ref: InstanceRef, timeoutSeconds: number): Promise<void> {
    try {
      await waitUntilReady(this.#client, this.#instances, ref, probe, timeoutSeconds);
    } finally {
      this.#slots?.leave(ref.name);
    }
  }

  control(ref: InstanceRef, verb: ControlVerb): Promise<string> {
    return runControl(this.#client, this.#instances, ref, verb);
  }

  describeUsage(ref: InstanceRef): Promise<Usage | null> {
    return describeUsage(this.#client, this.#instances, this.#usage, ref);
  }

  removeInstance(ref: InstanceRef): Promise<void> {
    return this.#perInstance.run(ref.name, async () => {
      await this.#instances.remove(ref);
      // Also where the instance was gone already: a run that was killed between the two leaves the volume to the next.
      await this.#volumes.remove(ref);
    });
  }

  ensureSnapshot(ref: InstanceRef, snapshot: SnapshotRef): Promise<void> {
    // The instance first, the snapshot second: everywhere, or two verbs wait for each other.
    return this.#perInstance.run(ref.name, () =>
      this.#perInstance.run(snapshot.name, () => this.#snapshots.ensure(ref, snapshot)),
    );
  }

  describeSnapshot(snapshot: SnapshotRef): Promise<SnapshotReport | null> {
    return this.#snapshots.describe(snapshot);
  }

  removeSnapshot(snapshot: SnapshotRef): Promise<void> {
    return this.#perInstance.run(snapshot.name, () => this.#snapshots.remove(snapshot));
  }

  listSnapshots(): Promise<SnapshotRef[]> {
    return this.#snapshots.list();
  }

  async describeInstance(ref: InstanceRef): Promise<InstanceDetail | null> {
    const found = await this.#instances.find(ref);
    if (!found) return null;
    return toDetail(ref, found, hasDataVolume(found.devices) ? await this.#volumes.sizeGb(ref) : null);
  }

  async listInstances(): Promise<InstanceReport[]> {
    const all = (await this.#instances.list()).filter(({ name }) => !isSnapshot(name));
    return all.flatMap((instance) => {
      const teamId = teamOf(this.#options.installId, instance.project);
      return teamId === null ? [] : [toReport({ teamId, name: instance.name }, instance)];
    });
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** The host's size does not change while it runs; a failed question is asked again. */
  #getHost(): Promise<Host> {
    this.#host ??= this.#readHost().catch((error: unknown) => {
      this.#host = null;
      throw error;
    });
    return this.#host;
  }

  async #readHost(): Promise<Host> {
    const found = await this.#client.get<{ cpu: { total: number }; memory: { total: number } }>(
      '/1.0/resources',
    );
    if (!(found.cpu.total > 0))
      throw new DataPlaneError('failed', 'The host does not say how many cores it has.');
    return { vcpu: found.cpu.total, memoryMb: Math.floor(found.memory.total / 1024 / 1024) };
  }

  #getSlots(host: Host): BootSlots {
    this.#slots ??= new BootSlots(host.vcpu + 1);
    return this.#slots;
  }
}
