import type { CapacityReport, WriteRefusal } from '../contract/capacity.ts';
import type { ControlVerb, GuestReport, InstanceSpec } from '../contract/compute.ts';
import type { DataPlane } from '../contract/data-plane.ts';
import type { Measurement } from '../contract/metering.ts';
import type { InstanceFirewall } from '../contract/networks.ts';
import type { InstanceRef } from '../contract/refs.ts';
import { place, simCompute } from './compute.ts';
import { SimCore } from './core.ts';
import type { SimFaults, SimVerb } from './faults.ts';
import { simImages } from './images.ts';
import type { JournalOptions } from './journal.ts';
import { simMetering } from './metering.ts';
import { simNetworks } from './networks.ts';
import { simSnapshots } from './snapshots.ts';
import { simTerminals } from './terminal.ts';
import { simVolumes } from './volumes.ts';

export interface SimOptions extends JournalOptions {
  /** Duration of each verb, in milliseconds. */
  latencyMs: number;
  /** The simulated host; by default 64 cores and 1 TB, so that every plan fits. */
  host?: { vcpu: number; memoryMb: number };
}

/** Changes to instances that Danube did not request. */
export interface SimDrift {
  /** The guest shut itself down. */
  stopFromInside(ref: InstanceRef): void;
  /** A snapshot was interrupted while the guest was frozen for it. */
  freeze(ref: InstanceRef): void;
  /** The instance is in a state that the data plane cannot handle. */
  breakInstance(ref: InstanceRef): void;
  /** Someone deleted the instance in the data plane. */
  deleteBehindOurBack(ref: InstanceRef): void;
  /** Creates an instance without a row in the database. The tenant must exist. */
  leak(spec: InstanceSpec): void;
  /** Sets the bytes that the disk covered by snapshots holds. */
  fillDisk(ref: InstanceRef, bytes: number): void;
  /** Sets what the inside of a server shows; what is left out is as in a plain one. */
  changeGuest(ref: InstanceRef, report: Partial<GuestReport>): void;
  /** Sets what is measured of an instance; what is left out is as of a quiet one. */
  changeFigures(ref: InstanceRef, measured: Partial<Measurement>): void;
  /** Writes the content of the disk covered by snapshots; a new disk's content is empty. */
  writeDisk(ref: InstanceRef, content: string): void;
}

export interface SimDataPlane extends DataPlane {
  readonly name: 'sim';
  readonly faults: SimFaults;
  readonly drift: SimDrift;
  /** Number of calls of each verb, including failed ones. */
  readonly calls: ReadonlyMap<SimVerb, number>;
  setLatency(milliseconds: number): void;
  /** What the simulated host has; what is left out stays. By default more than anybody can ask for. */
  setCapacity(changes: Partial<CapacityReport>): void;
  /** What {@link SimDrift.writeDisk} wrote, or what a snapshot brought back. */
  readDisk(ref: InstanceRef): string;
  /** The team's firewalls, in no particular order. */
  firewallsOf(teamId: number): readonly InstanceFirewall[];
  /** Why writes to the pool fail from now on; null: they do not. */
  setWriteRefusal(refusal: WriteRefusal | null): void;
  /** Sets the services' answer to a verb, until the returned function is called. */
  answerControl(verb: ControlVerb, answer: string): () => void;
}

/** No plan, and no number of instances, is too much for it. */
export const BOUNDLESS: CapacityReport = {
  memoryMb: 2 ** 42,
  pool: { totalBytes: 2 ** 62, freeBytes: 2 ** 62 },
};

/**
 * An in-memory data plane that implements the {@link DataPlane} contract and starts nothing. Verbs take constant time,
 * so that the control plane can be tested and benchmarked with 100,000 instances.
 */
export function createSimDataPlane(options: SimOptions): SimDataPlane {
  const host = options.host ?? { vcpu: 64, memoryMb: 1024 * 1024 };
  const core = new SimCore(options, host);
  const diskBytes = new Map<string, number>();
  const answers = new Map<ControlVerb, string>();
  const reports = new Map<string, Partial<GuestReport>>();
  const figures = new Map<string, Partial<Measurement>>();
  let capacity: CapacityReport = BOUNDLESS;
  let writeRefusal: WriteRefusal | null = null;
  return {
    name: 'sim',
    describe: () =>
      core.verb('describe', null, () => ({
        name: 'sim',
        version: '1',
        virtualization: 'container',
        host: { ...host },
      })),
    describeCapacity: () => core.verb('describeCapacity', null, () => capacity),
    findWriteRefusal: async () => writeRefusal,
    ...simNetworks(core),
    ...simImages(core),
    ...simCompute(core, { diskBytes, answers, reports }),
    ...simTerminals(core),
    ...simMetering(core, figures),
    ...simVolumes(core),
    ...simSnapshots(core, diskBytes),
    close: async () => core.close(),
    faults: core.faults,
    drift: simDrift(core, diskBytes, reports, figures),
    calls: core.calls,
    setLatency(milliseconds) {
      core.latencyMs = milliseconds;
    },
    setWriteRefusal(refusal) {
      writeRefusal = refusal;
    },
    setCapacity(changes) {
      capacity = { ...capacity, ...changes };
    },
    readDisk: (ref) => core.diskOf(core.need(ref)).content,
    firewallsOf: (teamId) => [...(core.world.firewalls.get(teamId)?.values() ?? [])],
    answerControl(verb, answer) {
      answers.set(verb, answer);
      return () => void answers.delete(verb);
    },
  };
}

const simDrift = (
  core: SimCore,
  diskBytes: Map<string, number>,
  reports: Map<string, Partial<GuestReport>>,
  figures: Map<string, Partial<Measurement>>,
): SimDrift => ({
  stopFromInside: (ref) => core.setPower(ref, 'stopped'),
  freeze: (ref) => core.setPower(ref, 'frozen'),
  breakInstance: (ref) => core.setPower(ref, 'error'),
  deleteBehindOurBack: (ref) => core.change({ op: 'delete', name: core.need(ref).ref.name }),
  leak: (spec) => place(core, spec),
  fillDisk: (ref, bytes) => void diskBytes.set(core.diskOf(core.need(ref)).ref.name, bytes),
  changeGuest: (ref, report) => void reports.set(ref.name, report),
  changeFigures: (ref, measured) => void figures.set(ref.name, measured),
  writeDisk(ref, content) {
    const instance = core.need(ref);
    const [mount] = instance.volumes;
    const volume = mount && core.world.volumes.get(mount.ref.name);
    core.change(
      volume
        ? { op: 'volume', volume: { ...volume, content } }
        : { op: 'put', instance: { ...instance, content } },
    );
  },
});
