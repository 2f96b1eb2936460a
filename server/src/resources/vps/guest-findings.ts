import type { GuestReport, ListeningPort } from '../../dataplane/contract/compute.ts';
import type { Addresses } from '../../dataplane/contract/networks.ts';
import type { Finding } from '../../instances/diagnosis.ts';
import { compile } from '../../lib/packet-filter/compile.ts';
import type { Policies } from '../../lib/packet-filter/policy.ts';

/** What the inside of a server tells of problems, and what its firewalls have to do with them. */

/** Most ports that a sentence names. */
const MOST_NAMED = 10;

/**
 * The keys of a `#cloud-config` that have no effect, because servers are containers: disks, partitions and swap are the
 * host's, and so are the kernel and its boot loader. snapd needs a kernel of its own.
 */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  ...['swap', 'disk_setup', 'fs_setup', 'device_aliases', 'growpart', 'resize_rootfs'],
  ...['grub_dpkg', 'lxd', 'snap', 'ubuntu_pro', 'ubuntu_advantage', 'drivers', 'fan', 'zfs'],
]);

/** Ports on which the server listens, and to which its firewalls let nobody connect. */
export function notAdmittedFindings(
  { listening, sshPorts }: Pick<GuestReport, 'listening' | 'sshPorts'>,
  policies: Policies,
  addresses: Addresses,
): Finding[] {
  const { inbound } = compile(policies);
  const isAdmitted = ({ protocol, port, family }: ListeningPort): boolean =>
    (['ipv4', 'ipv6'] as const).some(
      (own) =>
        addresses[own] !== null &&
        (family === null || family === own) &&
        inbound[own][protocol].some(
          ({ ports, peers }) =>
            peers.length > 0 && ports.some(({ first, last }) => first <= port && port <= last),
        ),
    );
  const shut = listening.filter((port) => !isAdmitted(port));
  const isSsh = ({ protocol, port }: ListeningPort): boolean => protocol === 'tcp' && sshPorts.includes(port);
  const ssh = shut.filter(isSsh);
  const sshIsOpen = listening.some((port) => isSsh(port) && !shut.includes(port));
  const others = shut.filter((port) => !isSsh(port));
  return [
    ...(ssh.length > 0 && !sshIsOpen
      ? [
          {
            code: 'ssh_not_admitted',
            severity: 'warning' as const,
            summary: `SSH listens at ${named(ssh)}, and no firewall of the server lets anybody connect to it.`,
            remediation: `Add a rule to one of its firewalls: inbound, allow, ${named(ssh)}.`,
            retryable: false,
          },
        ]
      : []),
    ...(others.length > 0
      ? [
          {
            code: 'ports_not_admitted',
            severity: 'info' as const,
            summary: `Programs in the server listen at ${named(others)}, and no firewall of it lets anybody connect to them.`,
            remediation: 'If others are to reach them, add an inbound rule to one of its firewalls.',
            retryable: false,
          },
        ]
      : []),
  ];
}

function named(ports: readonly ListeningPort[]): string {
  const names = ports.slice(0, MOST_NAMED).map(({ protocol, port }) => `${protocol} ${port}`);
  const left = ports.length - names.length;
  return left > 0 ? `${names.join(', ')} and ${left} more` : names.join(', ');
}

/** What cloud-init is at work on, what failed in it, and what of the user-data has no effect. */
export function cloudInitFindings(cloudInit: GuestReport['cloudInit']): Finding[] {
  if (cloudInit === null) return [];
  const { running, errors, keys } = cloudInit;
  const log = 'GET …/logs?log=cloud-init-output has the output of its commands, log=cloud-init what it did.';
  const findings: Finding[] = [];
  if (running !== null) {
    findings.push({
      code: 'cloud_init_running',
      severity: 'info',
      summary: `cloud-init is still at work on the user-data (${running.slice(0, 60)}).`,
      remediation: `Wait for it, or look where it hangs: ${log}`,
      retryable: true,
    });
  }
  if (errors[0] !== undefined) {
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    findings.push({
      code: 'cloud_init_failed',
      severity: 'warning',
      summary: `cloud-init could not do all of the user-data: ${errors[0]}${more}.`,
      remediation: `${log} Mend the user-data, and reinstall the server with it, or do by hand what is missing.`,
      retryable: false,
    });
  }
  const idle = keys.filter((key) => WITHOUT_EFFECT.has(key));
  if (idle.length > 0) {
    findings.push({
      code: 'user_data_without_effect',
      severity: 'info',
      summary: `Of the user-data, ${idle.join(', ')} had no effect: a server has no disks, kernel or swap of its own.`,
      remediation: idle.includes('swap')
        ? 'Leave it out. Choose a plan with more memory (PUT) instead of swap.'
        : 'Leave it out.',
      retryable: false,
    });
  }
  return findings;
}
