import { createHash } from 'node:crypto';

/**
 * Six hex digits derived from the data directory. Bridges, pools, projects and the system user carry it,
 * so that two installs on one host never touch each other's things.
 */
export const installId = (home: string): string =>
  createHash('sha256').update(home).digest('hex').slice(0, 6);
