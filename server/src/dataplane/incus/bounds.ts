import type { Limits } from '../contract/compute.ts';

const LEAST_PROCESSES = 512;
const MOST_PROCESSES = 8192;

/**
 * How many processes and threads an instance may have: 512, and one more for each MiB of its memory.
 *
 * What is regular fits: PostgreSQL, MySQL and MariaDB get 50 to 80 connections per GB (`services/`), each with a process or
 * thread; container engines allow 2,048 by default (podman-run(1)), and Kubernetes' hosts at least 1,024. systemd in a
 * server allows each service 15 % of the limit (systemd-system.conf(5), `DefaultTasksMax`): with 1 GB that is 230, and
 * Apache's default of 150 workers takes 163. A machine of its own would have 8,192 per GiB (`set_max_threads` in the
 * kernel's fork.c).
 */
export const processLimit = (memoryMb: number): number =>
  Math.min(MOST_PROCESSES, LEAST_PROCESSES + memoryMb);

/**
 * The share of processor time when others want it as well, in percent of what the host's own services have: 10 for each
 * processor, so that the control plane is not kept waiting. Not a limit: what nobody else wants can be used.
 */
const cpuWeightPercent = (vcpu: number): number => Math.min(100, 10 * vcpu);

/** The settings that keep an instance from being felt by others. They follow from its limits alone. */
export const boundsConfig = ({
  vcpu,
  memoryMb,
}: Pick<Limits, 'vcpu' | 'memoryMb'>): Record<string, string> => ({
  'limits.processes': String(processLimit(memoryMb)),
  'limits.cpu.allowance': `${cpuWeightPercent(vcpu)}%`,
});
