import type { InstanceSettings, InstanceSpec } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef, SnapshotRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { explainCreation } from './creation-errors.ts';
import { sameDevices } from './devices.ts';
import { givingSize } from './disk-size.ts';
import { alreadyExists, IncusError, isBusy } from './errors.ts';
import {
  copied,
  copyBody,
  creationBody,
  generationOf,
  type IncusInstance,
  neverStarted,
  type Placement,
  settingsConfig,
  settledDevices,
  snapshotBody,
} from './instance-config.ts';
import { findInstance, instancePath, isAtWork } from './lookup.ts';
import { projectName } from './names.ts';
import { BUSY_PATIENCE, patiently } from './patience.ts';
import { startInstance, stopInstance } from './power.ts';

/** The snapshot to take the root disk from, and the size in GiB that the disk gets. */
export interface RootDisk {
  snapshot: IncusInstance;
  diskGb: number;
}

/** Creates, changes and deletes instances. All methods are idempotent. */
export class Instances {
  readonly #context: IncusContext;

  constructor(context: IncusContext) {
    this.#context = context;
  }

  /** Normally takes one request: the same operation creates and starts the instance. From a snapshot it takes three. */
  async ensure(spec: InstanceSpec, place: Placement, disk: RootDisk | null = null): Promise<void> {
    const deadline = Date.now() + BUSY_PATIENCE;
    // An existing instance can be in the way several times: one of an older generation, the rest of a killed attempt,
    // or one that another process is creating or removing.
    for (;;) {
      if (await this.#create(spec, place, disk)) return;
      if (Date.now() > deadline) break;
      const present = await this.findOlder(spec);
      if (!present) continue;
      const isWanted = generationOf(present) === spec.generation;
      if (isWanted && (await this.#startOrGiveUp(present, spec))) return;
      await this.remove(spec.ref);
    }
    throw new DataPlaneError('failed', 'The instance could not be created.', {
      detail: `${spec.ref.name} keeps being in the way`,
      retryable: true,
    });
  }

  /**
   * The existing instance; null where there is none. Throws `invalid` where its generation is newer than that of
   * `spec`.
   */
  async findOlder(spec: InstanceSpec): Promise<IncusInstance | null> {
    const present = await this.#findSettled(spec.ref);
    if (present && generationOf(present) > spec.generation) {
      throw new DataPlaneError('invalid', 'A newer installation of this instance exists.', {
        detail: spec.ref.name,
      });
    }
    return present;
  }

  /**
   * The instance, once no operation works on it, so that an instance being created is not taken for the rest of a
   * killed attempt.
   */
  async #findSettled(ref: InstanceRef): Promise<IncusInstance | null> {
    return patiently(async () => {
      if (await isAtWork(this.#context, ref)) throw new IncusError(409, 'the instance is busy');
      return findInstance(this.#context, ref);
    });
  }

  /** False where an instance of that name exists. A creation that fails leaves nothing behind. */
  async #create(spec: InstanceSpec, place: Placement, disk: RootDisk | null): Promise<boolean> {
    const { path, query } = instancePath(this.#context, spec.ref);
    const body = disk ? copyBody(spec, place, disk.snapshot, disk.diskGb) : creationBody(spec, place);
    try {
      await givingSize(this.#context, () =>
        this.#context.client.request('POST', '/1.0/instances', body, { query }),
      );
      if (disk) {
        await this.#context.client.request('PATCH', path, copied(spec), { query });
        await startInstance(this.#context, spec.ref);
      }
      return true;
    } catch (error) {
      // Busy: another process is creating or removing it.
      if (alreadyExists(error) || isBusy(error)) return false;
      if (!(error instanceof IncusError)) throw error;
      // Without a response the creation may still succeed; the next attempt will tell.
      if (error.code === 'unreachable' || error.code === 'timeout') throw error;
      await this.#clearFailed(spec);
      throw explainCreation(error, spec);
    }
  }

  async #clearFailed(spec: InstanceSpec): Promise<void> {
    const left = await this.#findSettled(spec.ref);
    const isOurs = left && [0, spec.generation].includes(generationOf(left));
    if (isOurs && neverStarted(left)) await this.remove(spec.ref);
  }

  /** False for an instance that cannot start and never did: the rest of a killed creation. */
  async #startOrGiveUp(present: IncusInstance, spec: InstanceSpec): Promise<boolean> {
    try {
      await startInstance(this.#context, spec.ref);
      return true;
    } catch (error) {
      if (!(error instanceof IncusError) || error.code !== 'failed') throw error;
      const explained = explainCreation(error, spec);
      if (neverStarted(present) && explained === error) return false;
      throw explained;
    }
  }

  /** Copies the root disk into a stopped instance of its own. Does not contact or stop the guest. */
  async keep(source: IncusInstance, snapshot: SnapshotRef): Promise<void> {
    const { query } = instancePath(this.#context, snapshot);
    const body = snapshotBody(snapshot.name, source);
    await patiently(() =>
      givingSize(this.#context, () =>
        this.#context.client.request('POST', '/1.0/instances', body, { query }),
      ),
    );
  }

  async remove(ref: InstanceRef | SnapshotRef): Promise<void> {
    const { path, query } = instancePath(this.#context, ref);
    await patiently(async () => {
      try {
        await this.#context.client.remove(path, { query });
      } catch (error) {
        if (!(error instanceof IncusError) || !(await this.#clearTheWay(error, ref))) throw error;
        await this.#context.client.remove(path, { query });
      }
    });
  }

  /** Removes what prevented the deletion of an instance; false where the cause is not known. */
  async #clearTheWay(error: IncusError, ref: InstanceRef): Promise<boolean> {
    if (/is running|must be stopped/i.test(error.said)) {
      await this.#stopIfThere(ref);
      return true;
    }
    const { host, installId } = this.#context;
    const volume = `${projectName(installId, ref.teamId)}_${ref.name}`;
    return host?.removeEmptyVolume(error.said, volume) ?? false;
  }

  async #stopIfThere(ref: InstanceRef): Promise<void> {
    try {
      await stopInstance(this.#context, ref, 0);
    } catch (error) {
      if (!(error instanceof IncusError) || error.status !== 404) throw error;
    }
  }

  /** Changes CPU, memory, root disk and published ports while the guest runs. */
  async setSettings(ref: InstanceRef, settings: InstanceSettings, hostVcpu: number): Promise<void> {
    const { path, query } = instancePath(this.#context, ref);
    await patiently(async () => {
      const { value: present, etag } = await this.#context.client.getTagged<IncusInstance>(path, { query });
      const config = settingsConfig(settings, hostVcpu);
      const devices = settledDevices(present, settings);
      const same = Object.entries(config).every(([key, value]) => (present.config[key] ?? '') === value);
      if (same && sameDevices(devices, present.devices)) return;
      const gone = Object.keys(present.devices).some((name) => devices[name] === undefined);
      // PATCH keeps devices that it does not name, so removing one takes a PUT. The ETag prevents it from overwriting
      // what Incus changed meanwhile, for example that the guest has stopped.
      await givingSize(this.#context, () => {
        if (!gone) return this.#context.client.request('PATCH', path, { config, devices }, { query });
        const body = { ...present, config: { ...present.config, ...config }, devices };
        return this.#context.client.request('PUT', path, body, { query, ifMatch: etag });
      });
    });
  }
}
