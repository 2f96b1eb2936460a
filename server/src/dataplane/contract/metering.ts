import type { InstanceRef } from './refs.ts';

/**
 * What an instance uses, and has used since it was started: counters begin at 0 then. Null: it is not measured here, for
 * example because the kernel does not count it.
 */
export interface Measurement {
  ref: InstanceRef;
  /** When it was measured, in milliseconds since 1970. */
  at: number;
  cpuSeconds: number | null;
  /** Seconds in which something in it waited for a processor. */
  cpuWaitSeconds: number | null;
  /** Without what the kernel can drop at once. */
  memoryUsedBytes: number | null;
  memoryTotalBytes: number | null;
  processes: number | null;
  /** Of its network card, as the instance sees it: bytes and packets of both directions, and packets lost or broken. */
  receivedBytes: number | null;
  sentBytes: number | null;
  packets: number | null;
  faultyPackets: number | null;
  diskReadBytes: number | null;
  diskWrittenBytes: number | null;
}

/** The host of the instances. */
export interface HostMeasurement {
  at: number;
  cpuSeconds: number;
  vcpu: number;
  memoryUsedBytes: number;
  memoryTotalBytes: number;
  load1: number;
}

/** Figures for the store of metrics. */
export interface Metering {
  /** All running instances of these teams, in a few calls. A team that does not exist has none. */
  measureTeams(teamIds: readonly number[]): Promise<Measurement[]>;
  /** Null where the host is another one. */
  measureHost(): Promise<HostMeasurement | null>;
}
