import type { InstanceSettings, InstanceSpec } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef, SnapshotRef } from '../contract/refs.ts';
import type { IncusClient } from './client.ts';
import { explainCreation } from './creation-errors.ts';
import { sameDevices } from './devices.ts';
import { alreadyExists, IncusError, isBusy } from './errors.ts';
import { removeEmptyVolume } from './host-remains.ts';
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
import { projectName } from './names.ts';
import { whileThawing } from './thaw.ts';

/** How long a verb waits for another operation on the same instance, in milliseconds, and how often it looks. */
const BUSY_PATIENCE = 120_000;
const BUSY_PAUSE = 200;
/** Seconds between two requests to the guest to shut down. */
const ASK_SECONDS = 5;

interface Operation {
  /** A `task` ends by itself; a `websocket` is somebody's console or shell. */
  class: 'task' | 'websocket' | 'token';
  resources: { instances?: string[] } | null;
}

/** The disk of a snapshot that an instance is to have, and the size in GiB that it gets. */
export interface RootDisk {
  snapshot: IncusInstance;
  diskGb: number;
}

/** A guest may call itself ready, which is still running. */
const settleReady = (instance: IncusInstance): IncusInstance =>
  instance.status === 'Ready' ? { ...instance, status: 'Running' } : instance;

/** Creates, starts, stops, changes and deletes instances; every method can be repeated. */
export class Instances {
  readonly #client: IncusClient;
  readonly #installId: string;

  readonly #isLocal: boolean;

  /** `isLocal`: Incus runs on this host, and its files can be reached. */
  constructor(client: IncusClient, installId: string, isLocal: boolean) {
    this.#client = client;
    this.#installId = installId;
    this.#isLocal = isLocal;
  }

  /** Also of a snapshot: it is an instance that never starts. */
  path(ref: InstanceRef | SnapshotRef): { path: string; query: { project: string } } {
    return {
      path: `/1.0/instances/${encodeURIComponent(ref.name)}`,
      query: { project: projectName(this.#installId, ref.teamId) },
    };
  }

  find(ref: InstanceRef | SnapshotRef): Promise<IncusInstance | null> {
    const { path, query } = this.path(ref);
    return this.#client.find<IncusInstance>(path, { query });
  }

  async get(ref: InstanceRef): Promise<IncusInstance> {
    const { path, query } = this.path(ref);
    return settleReady(await this.#client.get<IncusInstance>(path, { query }));
  }

  /** Of all projects, this install's or not. */
  async list(): Promise<IncusInstance[]> {
    const query = { recursion: '1', 'all-projects': 'true' };
    return (await this.#client.get<IncusInstance[]>('/1.0/instances', { query })).map(settleReady);
  }

  /**
   * One request where nothing is in the way: the instance is created and started by the same operation. With the disk of
   * a snapshot it takes three.
   */
  async ensure(spec: InstanceSpec, place: Placement, disk: RootDisk | null = null): Promise<void> {
    const deadline = Date.now() + BUSY_PATIENCE;
    // An instance can be in the way more than once: one of an older generation, the rest of a killed attempt, one that
    // another process makes or removes at the same time.
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

  /** The instance as it is, if it is not newer than `spec`; throws `invalid` where it is. Null where there is none. */
  async findOlder(spec: InstanceSpec): Promise<IncusInstance | null> {
    const present = await this.#findSettled(spec.ref);
    if (present && generationOf(present) > spec.generation) {
      throw new DataPlaneError('invalid', 'A newer installation of this instance exists.', {
        detail: spec.ref.name,
      });
    }
    return present;
  }

  /** The instance, once no operation is at work on it: what is under way must not be taken for the rest of something. */
  async #findSettled(ref: InstanceRef): Promise<IncusInstance | null> {
    const { query } = this.path(ref);
    return this.#patiently(async () => {
      const operations = await this.#client.get<Partial<Record<string, Operation[]>>>('/1.0/operations', {
        query: { ...query, recursion: '1' },
      });
      const path = `/1.0/instances/${ref.name}`;
      const atWork = (operations.running ?? []).some(
        ({ class: kind, resources }) =>
          kind === 'task' && resources?.instances?.some((resource) => resource.split('?')[0] === path),
      );
      if (atWork) throw new IncusError(409, 'the instance is busy');
      return this.find(ref);
    });
  }

  /** False where an instance of that name exists. A creation that fails leaves nothing behind. */
  async #create(spec: InstanceSpec, place: Placement, disk: RootDisk | null): Promise<boolean> {
    const { path, query } = this.path(spec.ref);
    const body = disk ? copyBody(spec, place, disk.snapshot, disk.diskGb) : creationBody(spec, place);
    try {
      await this.#client.request('POST', '/1.0/instances', body, { query });
      if (disk) {
        await this.#client.request('PATCH', path, copied(spec), { query });
        await this.start(spec.ref);
      }
      return true;
    } catch (error) {
      // Busy: somebody else creates or removes it at this moment.
      if (alreadyExists(error) || isBusy(error)) return false;
      if (!(error instanceof IncusError)) throw error;
      // Without an answer the creation may still succeed: the next attempt finds out.
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

  /** False for an instance that cannot start and never did: the rest of a creation that was killed. */
  async #startOrGiveUp(present: IncusInstance, spec: InstanceSpec): Promise<boolean> {
    try {
      await this.start(spec.ref);
      return true;
    } catch (error) {
      if (!(error instanceof IncusError) || error.code !== 'failed') throw error;
      const explained = explainCreation(error, spec);
      if (neverStarted(present) && explained === error) return false;
      throw explained;
    }
  }

  async start(ref: InstanceRef): Promise<void> {
    await this.thaw(ref);
    await this.#changeState(ref, { action: 'start', timeout: 60 }, /already running/i, 'Running');
  }

  /** Keeps the root disk as a stopped instance of its own, without asking or halting the guest. */
  async keep(source: IncusInstance, snapshot: SnapshotRef): Promise<void> {
    const { query } = this.path(snapshot);
    await this.#patiently(() =>
      this.#client.request('POST', '/1.0/instances', snapshotBody(snapshot.name, source), { query }),
    );
  }

  /** Halts all processes of the guest, where it runs. */
  async freeze(ref: InstanceRef): Promise<void> {
    try {
      await this.#changeState(ref, { action: 'freeze', timeout: 30 }, /already frozen/i, 'Frozen');
    } catch (error) {
      if (!(error instanceof IncusError) || !/isn't running|not running/i.test(error.said)) throw error;
    }
  }

  /** Lets a frozen guest go on; any other, and none, is left alone. */
  async thaw(ref: InstanceRef): Promise<void> {
    if ((await this.find(ref))?.status !== 'Frozen') return;
    await this.#changeState(ref, { action: 'unfreeze', timeout: 30 }, /already running/i, 'Running');
  }

  /**
   * Asks the guest first, again and again: one that has only begun to boot does not hear the first time. After
   * `graceSeconds` it is switched off.
   */
  async stop(ref: InstanceRef, graceSeconds: number): Promise<void> {
    const stopped = /already stopped|not running/i;
    // Incus does not: it would ask a guest that does not hear.
    await this.thaw(ref);
    for (let left = graceSeconds; left > 0; left -= ASK_SECONDS) {
      const timeout = Math.min(left, ASK_SECONDS);
      try {
        await this.#changeState(ref, { action: 'stop', timeout }, stopped, 'Stopped');
        return;
      } catch (error) {
        if (!(error instanceof IncusError) || error.code === 'unreachable' || error.code === 'not_found') {
          throw error;
        }
      }
    }
    const switchOff = (): Promise<void> =>
      this.#changeState(ref, { action: 'stop', timeout: 60, force: true }, stopped, 'Stopped');
    if (!this.#isLocal) return switchOff();
    await whileThawing(projectName(this.#installId, ref.teamId), ref.name, switchOff);
  }

  async remove(ref: InstanceRef | SnapshotRef): Promise<void> {
    const { path, query } = this.path(ref);
    await this.#patiently(async () => {
      try {
        await this.#client.remove(path, { query });
      } catch (error) {
        if (!(error instanceof IncusError) || !(await this.#clearTheWay(error, ref))) throw error;
        await this.#client.remove(path, { query });
      }
    });
  }

  /** Does away with what kept an instance from being deleted; false where that is not known. */
  async #clearTheWay(error: IncusError, ref: InstanceRef): Promise<boolean> {
    if (/is running|must be stopped/i.test(error.said)) {
      await this.#stopIfThere(ref);
      return true;
    }
    const volume = `${projectName(this.#installId, ref.teamId)}_${ref.name}`;
    return this.#isLocal && removeEmptyVolume(error.said, volume);
  }

  async #stopIfThere(ref: InstanceRef): Promise<void> {
    try {
      await this.stop(ref, 0);
    } catch (error) {
      if (!(error instanceof IncusError) || error.status !== 404) throw error;
    }
  }

  /** Live: CPU, memory, root disk and published ports change while the guest runs. A data volume is not touched. */
  async setSettings(ref: InstanceRef, settings: InstanceSettings, hostVcpu: number): Promise<void> {
    const { path, query } = this.path(ref);
    await this.#patiently(async () => {
      const { value: present, etag } = await this.#client.getTagged<IncusInstance>(path, { query });
      const config = settingsConfig(settings, hostVcpu);
      const devices = settledDevices(present, settings);
      const same = Object.entries(config).every(([key, value]) => (present.config[key] ?? '') === value);
      if (same && sameDevices(devices, present.devices)) return;
      const gone = Object.keys(present.devices).some((name) => devices[name] === undefined);
      // A patch leaves devices alone that it does not name. Only replacing takes any away; the tag keeps it from undoing
      // what Incus itself wrote meanwhile, for example that the guest has stopped.
      if (!gone) await this.#client.request('PATCH', path, { config, devices }, { query });
      else {
        const body = { ...present, config: { ...present.config, ...config }, devices };
        await this.#client.request('PUT', path, body, { query, ifMatch: etag });
      }
    });
  }

  async #changeState(
    ref: InstanceRef,
    change: { action: 'start' | 'stop' | 'freeze' | 'unfreeze'; timeout: number; force?: boolean },
    done: RegExp,
    wanted: string,
  ): Promise<void> {
    const { path, query } = this.path(ref);
    await this.#patiently(async () => {
      try {
        await this.#client.request('PUT', `${path}/state`, change, { query });
      } catch (error) {
        if (!(error instanceof IncusError) || !done.test(error.said)) throw error;
        // "Already" may speak of a change under way in the other direction.
        if ((await this.get(ref)).status !== wanted) throw new IncusError(409, 'the instance is busy');
      }
    });
  }

  /** Repeats work that another operation on the instance keeps from running. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + BUSY_PATIENCE;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isBusy(error) || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE));
      }
    }
  }
}
