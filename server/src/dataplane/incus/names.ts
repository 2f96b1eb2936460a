/**
 * What this install's things are called in Incus and on the host. Every name carries the install id (six hex digits),
 * so two installs on one host, or one Incus that others use too, never collide.
 */

/** One Incus project per team. */
export const projectName = (installId: string, teamId: number): string => `danube-${installId}-${teamId}`;

/** One bridge per team; Linux allows 15 characters, which leaves room for 78 billion teams. */
export const bridgeName = (installId: string, teamId: number): string =>
  `${bridgePrefix(installId)}${teamId.toString(36)}`;

/** What every bridge of this install begins with, and nothing else on the host does. */
export const bridgePrefix = (installId: string): string => `d${installId}-`;

/** The ACL of a team's bridge; names of ACLs have 63 characters at most. */
export const networkAclName = bridgeName;

/** The ACL of an instance's NIC in a team's OVN network. */
export const instanceAclName = (installId: string, ref: { teamId: number; name: string }): string =>
  `${instanceAclPrefix(installId, ref.teamId)}${ref.name}`;

/** What the ACLs of a team's instances begin with, and that of no bridge. */
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

/** Snapshots of servers are instances too, and those of services volumes, under names that nothing else has. */
export const isSnapshot = (name: string): boolean => name.startsWith('snapshot-');
