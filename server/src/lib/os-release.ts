import { existsSync, readFileSync } from 'node:fs';

export interface OsRelease {
  /** `debian`, for example; empty where unknown, as all texts. */
  id: string;
  /** The distribution's name and version for people. */
  name: string;
  codename: string;
  /** The version as a number; 0 where there is none. */
  version: number;
}

/** The operating system of this host, as os-release(5) says. */
export function readOsRelease(): OsRelease {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return {
    id: field('ID'),
    name: field('PRETTY_NAME'),
    codename: field('VERSION_CODENAME'),
    version: Number(field('VERSION_ID')) || 0,
  };
}
