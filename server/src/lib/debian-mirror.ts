import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readOsRelease } from './os-release.ts';

/** The archives of Debian packages. Both are verified with `keyring`; unsigned packages are never installed. */
export interface DebianMirror {
  main: string;
  security: string;
  keyring: string;
}

const DEFAULT_MIRROR: DebianMirror = {
  main: 'http://deb.debian.org/debian',
  security: 'http://deb.debian.org/debian-security',
  keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
};

/**
 * The Debian mirror in the host's apt sources for its release, so that hosts with a local mirror keep using it. `files`
 * maps file names to contents, in one-line (`.list`) or deb822 (`.sources`) format.
 */
export function findMirror(files: Record<string, string>, codename: string): DebianMirror {
  let main: string | undefined;
  let security: string | undefined;
  for (const [name, text] of Object.entries(files)) {
    for (const entry of name.endsWith('.sources') ? deb822Entries(text) : oneLineEntries(text)) {
      const uri = entry.uris.find((candidate) => /^https?:\/\//.test(candidate))?.replace(/\/+$/, '');
      if (!uri) continue;
      if (entry.suites.includes(codename)) main ??= uri;
      if (entry.suites.includes(`${codename}-security`)) security ??= uri;
    }
  }
  return { ...DEFAULT_MIRROR, ...(main ? { main } : {}), ...(security ? { security } : {}) };
}

interface Entry {
  uris: string[];
  suites: string[];
}

function deb822Entries(text: string): Entry[] {
  return text
    .split(/\n\s*\n/)
    .map((stanza) => {
      const fields = new Map<string, string>();
      let last = '';
      for (const line of stanza.split('\n')) {
        if (line.startsWith('#')) continue;
        const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
        if (match) {
          last = (match[1] ?? '').toLowerCase();
          fields.set(last, match[2] ?? '');
        } else if (/^\s/.test(line)) fields.set(last, `${fields.get(last) ?? ''} ${line.trim()}`);
      }
      const words = (key: string): string[] => (fields.get(key) ?? '').split(/\s+/).filter(Boolean);
      const usable = words('types').includes('deb') && fields.get('enabled') !== 'no';
      return usable ? { uris: words('uris'), suites: words('suites') } : { uris: [], suites: [] };
    })
    .filter((entry) => entry.uris.length > 0);
}

function oneLineEntries(text: string): Entry[] {
  const entries: Entry[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line);
    if (match) entries.push({ uris: [match[1] ?? ''], suites: [match[2] ?? ''] });
  }
  return entries;
}

/**
 * The mirror of this host's packages, used for images of any Debian release; Debian's own mirror where there is none.
 */
export async function hostMirror(): Promise<DebianMirror> {
  return findMirror(await readHostSources(), readOsRelease().codename);
}

/** The host's apt sources: file name to content. */
export async function readHostSources(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const folder = '/etc/apt/sources.list.d';
  const names = existsSync(folder) ? await readdir(folder) : [];
  const paths = ['/etc/apt/sources.list', ...names.map((name) => path.join(folder, name))];
  for (const file of paths) {
    if (/\.(list|sources)$/.test(file) && existsSync(file)) files[file] = await readFile(file, 'utf8');
  }
  return files;
}
