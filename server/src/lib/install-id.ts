import { createHash } from 'node:crypto';

/**
 * Six hex digits derived from the data directory. They are in the names of bridges, pools, projects and the system
 * user, so that two installs on one host do not touch each other's.
 */
export const installId = (home: string): string =>
  createHash('sha256').update(home).digest('hex').slice(0, 6);
