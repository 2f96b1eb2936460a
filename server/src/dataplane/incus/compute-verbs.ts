import type { Compute, InstanceReport } from '../contract/compute.ts';
import type { InstanceRef } from '../contract/refs.ts';
import { boundsConfig } from './bounds.ts';
import { runControl } from './control.ts';
import { IncusError } from './errors.ts';
import { writeFiles } from './guest-files.ts';
import { describeGuest, readGuestLog } from './guest-report.ts';
import { limitsOf, toDetail, toReport } from './instance-config.ts';
import { BootSlots, grantSlots, type SharedGrant } from './limiter.ts';
import { findDueToStart, findInstance, instancePath, listInstances } from './lookup.ts';
import { isSnapshot, teamOf } from './names.ts';
import type { Parts } from './parts.ts';
import { patiently } from './patience.ts';
import { place, placeFrom } from './placement.ts';
import { startInstance, stopInstance } from './power.ts';
import { type Probe, SERVICE, SSH, waitUntilReady } from './probe.ts';
import { describeUsage } from './usage.ts';

/** How many guests boot at once on a host with so many cores. */
const bootSlotsOf = (vcpu: number): number => vcpu + 1;

/** Implements `Compute`. `sharedSlots` hands out the boot slots that other processes use, too; null: there are none. */
export function computeVerbs(parts: Parts, sharedSlots: SharedGrant | null): Compute {
  const { context, server, instances, locks } = parts;
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
        slots ??= createBootSlots(sharedSlots, bootSlotsOf(vcpu));
        await slots.enter(spec.ref);
        try {
          if (from) await locks.run(from.name, () => placeFrom(parts, spec, from));
          else await place(parts, spec);
          await writeFiles(context, spec.ref, spec.files);
        } catch (error) {
          slots.leave(spec.ref.name);
          throw error;
        }
      }),
    ensureSettings: async (ref, settings) => {
      const { vcpu } = await server.size();
      await locks.run(ref.name, () => instances.setSettings(ref, settings, vcpu));
    },
    ensureBounds: () => ensureBounds(parts),
    ensureFiles: (ref, files) => locks.run(ref.name, () => writeFiles(context, ref, files)),
    ensureRunning: (ref) => locks.run(ref.name, () => startInstance(context, ref)),
    ensureStopped: (ref, graceSeconds) =>
      locks.run(ref.name, async () => {
        await stopInstance(context, ref, graceSeconds);
        slots?.leave(ref.name);
      }),
    waitForSsh: (ref, timeoutSeconds) => waitFor(SSH, ref, timeoutSeconds),
    waitForService: (ref, timeoutSeconds) => waitFor(SERVICE, ref, timeoutSeconds),
    control: (ref, verb) => runControl(context, ref, verb),
    describeUsage: (ref) => describeUsage(context, ref),
    describeGuest: (ref) => describeGuest(context, ref),
    readGuestLog: (ref, log) => readGuestLog(context, ref, log),
    removeInstance: (ref) =>
      locks.run(ref.name, async () => {
        await instances.remove(ref);
        slots?.leave(ref.name);
      }),
    describeInstance: async (ref) => {
      const found = await findInstance(context, ref);
      return found && toDetail(ref, found);
    },
    listInstances: () => reportInstances(parts),
  };
}

const createBootSlots = (shared: SharedGrant | null, count: number): BootSlots =>
  new BootSlots(shared ? (teamId) => shared(teamId, count) : grantSlots(count));

async function reportInstances({ context }: Parts): Promise<InstanceReport[]> {
  const all = (await listInstances(context)).filter(({ name }) => !isSnapshot(name));
  const due = await findDueToStart(context, all);
  return all.flatMap((instance) => {
    const teamId = teamOf(context.installId, instance.project);
    if (teamId === null) return [];
    const report = toReport({ teamId, name: instance.name }, instance);
    return [due.has(instance) ? { ...report, power: 'transitional' as const } : report];
  });
}

/** Corrects the bounds of instances that have others. Where a plan changes at the same moment, the next call does. */
async function ensureBounds({ context, locks }: Parts): Promise<void> {
  for (const instance of await listInstances(context)) {
    const teamId = teamOf(context.installId, instance.project);
    if (teamId === null || isSnapshot(instance.name)) continue;
    const config = boundsConfig(limitsOf(instance));
    if (Object.entries(config).every(([key, value]) => instance.config[key] === value)) continue;
    const { path, query } = instancePath(context, { teamId, name: instance.name });
    await locks.run(instance.name, () =>
      patiently(() => context.client.request('PATCH', path, { config }, { query })).catch(ignoreGone),
    );
  }
}

/** For an instance that was deleted after it was listed. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof IncusError) || error.status !== 404) throw error;
}
