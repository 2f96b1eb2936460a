/**
 * Names of this install's objects in Incus and on the host. Each contains the install id (six hex digits), so that
 * several installs on one host, or in one shared Incus, never collide.
 */

/** One Incus project per team. */
export const projectName = (installId: string, teamId: number): string => `danube-${installId}-${teamId}`;

/** One bridge per team. Linux allows 15 characters, enough for 78 billion teams. */
export const bridgeName = (installId: string, teamId: number): string =>
  `${bridgePrefix(installId)}${teamId.toString(36)}`;

/** Prefix of the names of this install's bridges, and of no other interface on the host. */
export const bridgePrefix = (installId: string): string => `d${installId}-`;

/** The nftables table of the host's firewall. */
export const firewallTable = (installId: string): string => `danube_${installId}`;

/** The ACL of a team's bridge. Incus allows 63 characters. */
export const networkAclName = bridgeName;

/** The ACL of an instance's NIC in a team's OVN network. */
export const instanceAclName = (installId: string, ref: { teamId: number; name: string }): string =>
  `${instanceAclPrefix(installId, ref.teamId)}${ref.name}`;

/** Prefix of the names of a team's instance ACLs, and of no network's ACL. */
export const instanceAclPrefix = (installId: string, teamId: number): string =>
  `${bridgeName(installId, teamId)}-`;

export const poolName = (installId: string): string => `danube-${installId}`;

/** Image aliases live in the default project, which may be shared. */
export const imageAlias = (installId: string, image: string): string => `danube-${installId}-${image}`;

/** The team of a project of this install; null for any other project. */
export function teamOf(installId: string, project: string): number | null {
  const prefix = projectName(installId, 0).slice(0, -1);
  const team = project.startsWith(prefix) ? project.slice(prefix.length) : '';
  return /^\d+$/.test(team) ? Number(team) : null;
}

/** Snapshots are instances (of servers) or volumes (of services) whose names begin with this prefix. */
export const isSnapshot = (name: string): boolean => name.startsWith('snapshot-');
