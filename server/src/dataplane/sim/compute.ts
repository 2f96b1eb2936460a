import type {
  Compute,
  ControlVerb,
  GuestReport,
  InstanceFile,
  InstanceSettings,
  InstanceSpec,
  Usage,
} from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef, SnapshotRef } from '../contract/refs.ts';
import type { SimCore } from './core.ts';
import { controlAnswer } from './service.ts';
import { checkPublish, digests } from './world.ts';

/** Guest state that tests control. */
export interface SimGuests {
  /** Bytes that root disks and volumes hold, by name of the instance or volume; 0 by default. */
  diskBytes: ReadonlyMap<string, number>;
  /** Answers of all services' control programs, by verb, where they differ from the default. */
  answers: ReadonlyMap<ControlVerb, string>;
  /** What servers show, by name, where it differs from a plain one. */
  reports: ReadonlyMap<string, Partial<GuestReport>>;
}

export const simCompute = (core: SimCore, guests: SimGuests): Compute => ({
  ensureInstance: (spec, from) =>
    core.verb('ensureInstance', spec, () => {
      const present = core.world.instances.get(spec.ref.name);
      if (present && present.generation > spec.generation) {
        throw new DataPlaneError('invalid', 'A newer installation of this instance exists.');
      }
      if (present?.generation !== spec.generation) return place(core, spec, from);
      core.setPower(spec.ref, 'running');
      write(core, spec.ref, spec.files);
    }),
  ensureSettings: (ref, settings) => core.verb('ensureSettings', ref, () => change(core, ref, settings)),
  // Nothing that it simulates can be felt by others.
  ensureBounds: () => core.verb('ensureBounds', null, () => undefined),
  ensureFiles: (ref, files) => core.verb('ensureFiles', ref, () => write(core, ref, files)),
  ensureRunning: (ref) => core.verb('ensureRunning', ref, () => core.setPower(ref, 'running')),
  ensureStopped: (ref) => core.verb('ensureStopped', ref, () => core.setPower(ref, 'stopped')),
  waitForSsh: (ref, seconds) => core.verb('waitForSsh', ref, () => answersOnce(core, 'SSH', ref, seconds)),
  waitForService: (ref, seconds) =>
    core.verb('waitForService', ref, () => answersOnce(core, 'The service', ref, seconds)),
  control: (ref, verb) =>
    core.verb('control', ref, () => {
      needRunning(core, ref);
      return guests.answers.get(verb) ?? controlAnswer(verb);
    }),
  describeUsage: (ref) => core.verb('describeUsage', ref, () => usageOf(core, guests, ref)),
  describeGuest: (ref) =>
    core.verb('describeGuest', ref, () => {
      needRunning(core, ref);
      return { ...PLAIN_GUEST, ...guests.reports.get(ref.name) };
    }),
  readGuestLog: (ref, log) =>
    core.verb('readGuestLog', ref, () => {
      if (log === 'console') core.need(ref);
      else needRunning(core, ref);
      return `The ${log} log of ${ref.name}.\n`;
    }),
  removeInstance: (ref) =>
    core.verb('removeInstance', ref, () => {
      if (core.find(ref)) core.change({ op: 'delete', name: ref.name });
    }),
  describeInstance: (ref) =>
    core.verb('describeInstance', ref, () => {
      const found = core.find(ref);
      if (!found) return null;
      const { power, generation, limits, image, addresses } = found;
      return { ref: found.ref, power, generation, limits, image, addresses };
    }),
  listInstances: () =>
    core.verb('listInstances', null, () =>
      Array.from(core.world.instances.values(), ({ ref, power, generation }) => ({ ref, power, generation })),
    ),
});

/** A server as it is after its first boot. */
const PLAIN_GUEST: GuestReport = {
  listening: [{ protocol: 'tcp', port: 22, family: null }],
  sshPorts: [22],
  cloudInit: { running: null, errors: [], keys: [] },
};

function needRunning(core: SimCore, ref: InstanceRef): void {
  if (core.need(ref).power !== 'running') throw new DataPlaneError('invalid', 'The instance does not run.');
}

/** Creates the instance, replacing an existing one. */
export function place(core: SimCore, spec: InstanceSpec, from?: SnapshotRef): void {
  core.world.checkPlacement(spec);
  const origin = from && core.world.snapshots.get(from.name);
  if (from && (!origin || origin.ofVolume)) {
    throw new DataPlaneError('not_found', 'The snapshot does not exist.', { detail: from.name });
  }
  // A root disk from a snapshot does not need the image.
  if (!from && !core.world.images.has(spec.image)) {
    throw new DataPlaneError('image_unavailable', `The image "${spec.image}" is not ready.`);
  }
  const { userData: _secret, login: _login, network: _network, files, ...rest } = spec;
  core.change({
    op: 'put',
    instance: {
      ...rest,
      limits: core.capped(spec.limits),
      files: digests(files),
      content: origin?.content ?? '',
      power: 'running',
    },
  });
}

function change(core: SimCore, ref: InstanceRef, settings: InstanceSettings): void {
  const instance = core.need(ref);
  const { limits, publish, autoStart } = settings;
  if (limits.diskGb < instance.limits.diskGb) {
    throw new DataPlaneError('invalid', 'A disk cannot shrink.');
  }
  checkPublish(settings, instance.addresses);
  const changed = { ...instance, limits: core.capped(limits), publish, autoStart };
  core.change({ op: 'put', instance: changed });
}

function usageOf(core: SimCore, guests: SimGuests, ref: InstanceRef): Usage | null {
  const instance = core.find(ref);
  if (!instance) return null;
  const used = instance.power === 'running' ? 0 : null;
  const bytesOf = (name: string): number => guests.diskBytes.get(name) ?? 0;
  const volumes = instance.volumes.map(({ ref }) => ({ ref, usedBytes: bytesOf(ref.name) }));
  return {
    memoryBytes: used,
    cpuSeconds: used,
    diskBytes: bytesOf(ref.name),
    volumes,
    online: used === null ? null : true,
    startedAt: used === null ? null : core.openedAt,
    oomKills: used,
  };
}

function write(core: SimCore, ref: InstanceRef, files: readonly InstanceFile[]): void {
  const instance = core.need(ref);
  const written = { ...instance.files, ...digests(files) };
  if (JSON.stringify(written) === JSON.stringify(instance.files)) return;
  core.change({ op: 'put', instance: { ...instance, files: written } });
}

function answersOnce(core: SimCore, subject: string, ref: InstanceRef, timeoutSeconds: number): void {
  const { power } = core.need(ref);
  if (power === 'running') return;
  if (power === 'stopped')
    throw new DataPlaneError('stopped', `${subject} cannot answer: the instance does not run.`);
  throw new DataPlaneError('timeout', `${subject} did not answer within ${timeoutSeconds} seconds.`);
}
