import { existsSync, readFileSync } from 'node:fs';
import { run } from '../lib/run.ts';
import { withHostLock } from './lock.ts';

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

const NEW_USER = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'];

/**
 * Creates the system user where it is missing: no home, no shell, no password. Several components may ask for it at the
 * same time; useradd(8) would fail for one of them, or make the user twice. Needs root.
 */
export async function ensureUser(name: string): Promise<SystemUser> {
  return findUser(name) ?? withHostLock('users', async () => findUser(name) ?? addUser(name));
}

async function addUser(name: string): Promise<SystemUser> {
  await run('useradd', [...NEW_USER, name]);
  const made = findUser(name);
  if (!made) throw new Error(`useradd did not create the user ${name}.`);
  return made;
}

/** Removes the system user and its group; succeeds where they do not exist. */
export async function removeUser(name: string): Promise<void> {
  if (findUser(name)) await run('userdel', [name]);
}
