import type { Measurement, Metering } from '../contract/metering.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { SimCore } from './core.ts';

/** What tests set instead of {@link quiet}. */
export type SimFigures = ReadonlyMap<string, Partial<Measurement>>;

/** Figures are simulated: each instance uses a tenth of its processors, and half of its memory. */
export function simMetering(core: SimCore, figures: SimFigures): Metering {
  return {
    measureTeams: (teamIds) =>
      core.verb('measureTeams', teamIds, () => {
        const at = Date.now();
        const teams = new Set(teamIds);
        const running = [...core.world.instances.values()].filter(
          ({ ref, power }) => power === 'running' && teams.has(ref.teamId),
        );
        const seconds = (at - core.openedAt) / 1000;
        return running.map(({ ref, limits }) => ({
          ...quiet(ref, limits, at, seconds),
          ...figures.get(ref.name),
        }));
      }),
    measureHost: () =>
      core.verb('measureHost', null, () => ({
        at: Date.now(),
        cpuSeconds: 0,
        vcpu: core.host.vcpu,
        memoryUsedBytes: 0,
        memoryTotalBytes: core.host.memoryMb * 1024 ** 2,
        load1: 0,
      })),
  };
}

const quiet = (
  ref: InstanceRef,
  { vcpu, memoryMb }: { vcpu: number; memoryMb: number },
  at: number,
  seconds: number,
): Measurement => ({
  ref,
  at,
  cpuSeconds: seconds * vcpu * 0.1,
  cpuWaitSeconds: 0,
  memoryUsedBytes: memoryMb * 1024 ** 2 * 0.5,
  memoryTotalBytes: memoryMb * 1024 ** 2,
  processes: 20,
  receivedBytes: seconds * 1000,
  sentBytes: seconds * 2000,
  packets: seconds * 3,
  faultyPackets: 0,
  diskReadBytes: seconds * 500,
  diskWrittenBytes: seconds * 1500,
});
