import type { Compute, InstanceDetail, InstanceReport, InstanceSettings } from '../contract/compute.ts';
import type { InstanceRef } from '../contract/refs.ts';
import { runControl } from './control.ts';
import { hasDataVolume } from './devices.ts';
import { writeFiles } from './guest-files.ts';
import { toDetail, toReport } from './instance-config.ts';
import { BootSlots } from './limiter.ts';
import { findInstance, getInstance, listInstances } from './lookup.ts';
import { isSnapshot, teamOf } from './names.ts';
import type { Parts } from './parts.ts';
import { place, placeFrom } from './placement.ts';
import { startInstance, stopInstance } from './power.ts';
import { type Probe, SERVICE, SSH, waitUntilReady } from './probe.ts';
import { describeUsage } from './usage.ts';

/** Instances, see the contract. */
export function computeVerbs(parts: Parts): Compute {
  const { context, server, instances, volumes, locks } = parts;
  let slots: BootSlots | null = null;

  const waitFor = async (probe: Probe, ref: InstanceRef, timeoutSeconds: number): Promise<void> => {
    try {
      await waitUntilReady(context, ref, probe, timeoutSeconds);
    } finally {
      slots?.leave(ref.name);
    }
  };

  return {
    ensureInstance: (spec, from) =>
      locks.run(spec.ref.name, async () => {
        const { vcpu } = await server.size();
        slots ??= new BootSlots(vcpu + 1);
        await slots.enter(spec.ref.name);
        try {
          if (from) await locks.run(from.name, () => placeFrom(parts, spec, from));
          else await place(parts, spec);
          await writeFiles(context, spec.ref, spec.files);
        } catch (error) {
          slots.leave(spec.ref.name);
          throw error;
        }
      }),
    ensureSettings: (ref, settings) => locks.run(ref.name, () => setSettings(parts, ref, settings)),
    ensureFiles: (ref, files) => locks.run(ref.name, () => writeFiles(context, ref, files)),
    ensureRunning: (ref) => locks.run(ref.name, () => startInstance(context, ref)),
    ensureStopped: (ref, graceSeconds) => locks.run(ref.name, () => stopInstance(context, ref, graceSeconds)),
    waitForSsh: (ref, timeoutSeconds) => waitFor(SSH, ref, timeoutSeconds),
    waitForService: (ref, timeoutSeconds) => waitFor(SERVICE, ref, timeoutSeconds),
    control: (ref, verb) => runControl(context, ref, verb),
    describeUsage: (ref) => describeUsage(context, ref),
    removeInstance: (ref) =>
      locks.run(ref.name, async () => {
        await instances.remove(ref);
        // Also where the instance was gone already: a run that was killed between the two leaves the volume to the next.
        await volumes.remove(ref);
      }),
    describeInstance: (ref) => describeInstance(parts, ref),
    listInstances: () => reportInstances(parts),
  };
}

async function setSettings(parts: Parts, ref: InstanceRef, settings: InstanceSettings): Promise<void> {
  const { context, server, instances, volumes } = parts;
  const { devices } = await getInstance(context, ref);
  // First, because it refuses to shrink: then nothing has changed.
  if (hasDataVolume(devices)) await volumes.grow(ref, settings.limits.diskGb);
  await instances.setSettings(ref, settings, (await server.size()).vcpu);
}

async function describeInstance(
  { context, volumes }: Parts,
  ref: InstanceRef,
): Promise<InstanceDetail | null> {
  const found = await findInstance(context, ref);
  if (!found) return null;
  return toDetail(ref, found, hasDataVolume(found.devices) ? await volumes.sizeGb(ref) : null);
}

async function reportInstances({ context }: Parts): Promise<InstanceReport[]> {
  const all = (await listInstances(context)).filter(({ name }) => !isSnapshot(name));
  return all.flatMap((instance) => {
    const teamId = teamOf(context.installId, instance.project);
    return teamId === null ? [] : [toReport({ teamId, name: instance.name }, instance)];
  });
}
