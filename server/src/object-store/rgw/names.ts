import { createHash } from 'node:crypto';

/**
 * Names of this install's users in the gateway, which may be shared with others. A team has an owner, and each key that is
 * not for all of the team a user of its own, because the gateway cannot tell apart the keys of one user.
 */
export const ownerOf = (installId: string, teamId: number): string => `${teamPrefix(installId, teamId)}owner`;

export const keyUser = (
  installId: string,
  { teamId, accessKeyId }: { teamId: number; accessKeyId: string },
): string => `${teamPrefix(installId, teamId)}key-${accessKeyId}`;

export const installPrefix = (installId: string): string => `danube-${installId}-t`;

const teamPrefix = (installId: string, teamId: number): string => `${installPrefix(installId)}${teamId}-`;

/** What a name says; null for a user that is not of this install. */
export function parseUser(
  installId: string,
  uid: string,
): { teamId: number; accessKeyId: string | null } | null {
  const prefix = installPrefix(installId);
  const match = uid.startsWith(prefix) ? /^(\d+)-(?:owner|key-(.+))$/.exec(uid.slice(prefix.length)) : null;
  return match ? { teamId: Number(match[1]), accessKeyId: match[2] ?? null } : null;
}

/** Whether it can be one of {@link platformKey}; the ids of customers' keys are shorter. */
export const isPlatformKey = (accessKeyId: string | null): boolean =>
  accessKeyId !== null && /^DANUBE[0-9A-F]{26}$/.test(accessKeyId);

/** The key with which the platform acts as the owner of a team. Nobody else gets it. */
export const platformKey = (installId: string, teamId: number): string =>
  `DANUBE${createHash('sha256').update(ownerOf(installId, teamId)).digest('hex').slice(0, 26).toUpperCase()}`;
