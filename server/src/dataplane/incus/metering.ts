import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { HostMeasurement, Measurement } from '../contract/metering.ts';
import { IncusError } from './errors.ts';
import { isSnapshot, projectName } from './names.ts';
import type { Parts } from './parts.ts';

/** Characters of Incus's answer that are read: about 4,000 for an instance. */
const LIMIT = 64 * 1024 * 1024;

/** Projects that are asked for at once. */
const AT_ONCE = 4;

export async function measureTeams(parts: Parts, teamIds: readonly number[]): Promise<Measurement[]> {
  const left = [...teamIds];
  const found: Measurement[] = [];
  const work = async (): Promise<void> => {
    for (let team = left.pop(); team !== undefined; team = left.pop()) {
      found.push(...(await measureTeam(parts, team)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

/**
 * Reads Incus's own metrics of a project (https://linuxcontainers.org/incus/docs/main/metrics/), which it computes anew when
 * they are older than eight seconds.
 */
async function measureTeam({ context }: Parts, teamId: number): Promise<Measurement[]> {
  const { client, host, installId } = context;
  const project = projectName(installId, teamId);
  const text = await client.readText('/1.0/metrics', LIMIT, { query: { project } }).catch(noProject);
  const at = Date.now();
  return Promise.all(
    [...readInstances(text)]
      .filter(([name]) => !isSnapshot(name))
      .map(async ([name, sum]) => ({
        ref: { teamId, name },
        at,
        cpuSeconds: sum('cpu_seconds_total'),
        cpuWaitSeconds: (await host?.cpuWait(project, name)) ?? null,
        memoryUsedBytes: difference(sum('memory_MemTotal_bytes'), sum('memory_MemAvailable_bytes')),
        memoryTotalBytes: sum('memory_MemTotal_bytes'),
        processes: sum('procs_total'),
        receivedBytes: sum('network_receive_bytes_total'),
        sentBytes: sum('network_transmit_bytes_total'),
        packets: sum('network_receive_packets_total', 'network_transmit_packets_total'),
        faultyPackets: sum(
          'network_receive_errs_total',
          'network_transmit_errs_total',
          'network_receive_drop_total',
          'network_transmit_drop_total',
        ),
        diskReadBytes: sum('disk_read_bytes_total'),
        diskWrittenBytes: sum('disk_written_bytes_total'),
      })),
  );
}

function noProject(error: unknown): string {
  if (error instanceof IncusError && error.status === 404) return '';
  throw error;
}

/** Adds up metrics of an instance, over its processors, cards and disks; null where it has none of them. */
type Sum = (...names: string[]) => number | null;

const LINE = /^incus_(\w+)\{(.*)\} (\S+)$/gm;

/** What Incus says of each instance. */
export function readInstances(text: string): Map<string, Sum> {
  const found = new Map<string, Map<string, number>>();
  for (const [, metric = '', labels = '', value] of text.matchAll(LINE)) {
    const name = /(?:^|,)name="([^"]+)"/.exec(labels)?.[1];
    // What an instance sends to itself is not what its card sends; an idle processor is not in use.
    if (name === undefined || /device="lo"|mode="(idle|iowait|steal)"/.test(labels)) continue;
    const metrics = found.get(name) ?? new Map<string, number>();
    found.set(name, metrics.set(metric, (metrics.get(metric) ?? 0) + Number(value)));
  }
  return new Map(
    Array.from(found, ([name, metrics]) => [
      name,
      (...names) => {
        const values = names.flatMap((one) => metrics.get(one) ?? []);
        return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
      },
    ]),
  );
}

const difference = (total: number | null, rest: number | null): number | null =>
  total === null || rest === null ? null : Math.max(total - rest, 0);

/** Where the kernel has the groups of cgroup v2. */
const GROUPS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

/**
 * Seconds in which a container of the Incus on this host has waited for a processor, since it was started: pressure stall
 * information, https://docs.kernel.org/accounting/psi.html. Null where the kernel does not count it.
 */
export async function readCpuWait(project: string, name: string): Promise<number | null> {
  for (const root of GROUPS) {
    const file = path.join(root, `lxc.payload.${project}_${name}`, 'cpu.pressure');
    const text = await readFile(file, 'utf8').catch(() => '');
    const microseconds = /^some .*\btotal=(\d+)$/m.exec(text)?.[1];
    if (microseconds !== undefined) return Number(microseconds) / 1e6;
  }
  return null;
}

/** This host, as its kernel counts. */
export async function readHost(): Promise<HostMeasurement> {
  const [meminfo, stat] = await Promise.all([
    readFile('/proc/meminfo', 'utf8'),
    readFile('/proc/stat', 'utf8'),
  ]);
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1]) * 1024;
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (/^cpu .*$/m.exec(stat)?.[0] ?? '')
    .split(/ +/)
    .map(Number);
  return {
    at: Date.now(),
    // In hundredths of a second, see proc_stat(5).
    cpuSeconds: (user + nice + system + irq + softirq) / 100,
    vcpu: os.availableParallelism(),
    memoryUsedBytes: bytes('MemTotal') - bytes('MemAvailable'),
    memoryTotalBytes: bytes('MemTotal'),
    load1: os.loadavg()[0]!,
  };
}
