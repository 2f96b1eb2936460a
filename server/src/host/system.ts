import { existsSync, readFileSync } from 'node:fs';
import { run } from '../lib/run.ts';

/** Whether systemd is PID 1, tested as sd_booted(3) documents. */
export const isSystemd = (): boolean => existsSync('/run/systemd/system');

export interface SystemUser {
  uid: number;
  gid: number;
}

/** The user of that name in /etc/passwd, or null. */
export function findUser(name: string): SystemUser | null {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

/** The unprivileged user that this install's daemons run as. */
export const systemUserName = (installId: string): string => `danube-${installId}`;

/** Creates the system user where it is missing: no home, no shell, no password. Needs root. */
export async function ensureUser(name: string): Promise<SystemUser> {
  const existing = findUser(name);
  if (existing) return existing;
  await run('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    name,
  ]);
  const made = findUser(name);
  if (!made) throw new Error(`useradd did not create the user ${name}.`);
  return made;
}

/** Removes the system user and its group; succeeds where they do not exist. */
export async function removeUser(name: string): Promise<void> {
  if (findUser(name)) await run('userdel', [name]);
}
