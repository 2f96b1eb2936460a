import path from 'node:path';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import type { DebianMirror } from '../lib/debian-mirror.ts';
import { RunError, run } from '../lib/run.ts';
import type { BuildGroup } from './build-group.ts';

/** Raise it when a change of how images are built changes the result, so that cached images are rebuilt. */
export const BUILDER_VERSION = 3;

/**
 * Runs at the lowest priority, in this group, unless somebody waits for it already; until the signal aborts, whose reason is
 * thrown then.
 */
export interface Ahead {
  group: BuildGroup;
  signal: AbortSignal;
  isUrgent(): boolean;
}

export interface Mmdebstrap {
  /** What it is run for, as an id of an image; used in the error message. */
  id: string;
  suite: string;
  mirror: DebianMirror;
  /** Arguments besides those that all runs have. */
  args: readonly string[];
  /** The archive that it writes. */
  target: string;
  /** An existing folder for temporary files. */
  temporary: string;
  ahead?: Ahead | undefined;
  onLine?: ((line: string) => void) | undefined;
}

const ARCHITECTURES: Partial<Record<NodeJS.Architecture, { debian: string; incus: string }>> = {
  x64: { debian: 'amd64', incus: 'x86_64' },
  arm64: { debian: 'arm64', incus: 'aarch64' },
};

/** The names of the host's architecture. Throws `image_build_failed` for one that nothing is built for. */
export function hostArchitecture(): { debian: string; incus: string } {
  const architecture = ARCHITECTURES[process.arch];
  if (architecture) return architecture;
  throw new DataPlaneError('image_build_failed', `Images cannot be built for ${process.arch}.`);
}

/** Suites still in preparation: they have no archives of updates, and their release files are renewed less often. */
const UNRELEASED: ReadonlySet<string> = new Set(['forky', 'sid']);

/** The archives that a suite's packages come from. */
export const archivesOf = (suite: string, mirror: DebianMirror): { uri: string; suite: string }[] =>
  UNRELEASED.has(suite)
    ? [{ uri: mirror.main, suite }]
    : [
        { uri: mirror.main, suite },
        { uri: mirror.main, suite: `${suite}-updates` },
        { uri: mirror.security, suite: `${suite}-security` },
      ];

/** The file with dpkg's options below, which mmdebstrap leaves in what it makes. */
export const DPKG_OPTIONS_FILE = '/etc/dpkg/dpkg.cfg.d/99mmdebstrap';

/**
 * Runs mmdebstrap to its end. Throws `image_build_failed`, with the end of its output as detail, and what the signal of
 * `ahead` was aborted with.
 */
export async function runMmdebstrap(options: Mmdebstrap): Promise<void> {
  const { id, ahead, onLine } = options;
  const args = argumentsOf(options);
  const env = {
    ...process.env,
    TMPDIR: options.temporary,
    LC_ALL: 'C.UTF-8',
    ZSTD_NBTHREADS: '0',
    ZSTD_CLEVEL: '1',
  };
  try {
    const low = ahead && !ahead.isUrgent() ? ahead.group.lowered('mmdebstrap', args) : null;
    await run(...(low ?? (['mmdebstrap', args] as const)), {
      env,
      // The build mounts /proc and /dev in the image, and they must not remain for the next build to delete.
      contained: true,
      signal: ahead?.signal,
      ...(onLine ? { onLine } : {}),
      timeoutSeconds: 1800,
    });
  } catch (error) {
    ahead?.signal.throwIfAborted();
    if (!(error instanceof RunError)) throw error;
    const missing = error.result.status === 127;
    throw new DataPlaneError('image_build_failed', `The image ${id} could not be built.`, {
      detail: missing ? 'mmdebstrap is not installed on this host' : error.message,
      retryable: !missing,
      cause: error,
    });
  } finally {
    await ahead?.group.remove();
  }
}

const argumentsOf = ({ suite, mirror, args, target }: Mmdebstrap): string[] => [
  '--verbose',
  '--mode=root',
  '--format=tar',
  `--architectures=${hostArchitecture().debian}`,
  `--keyring=${mirror.keyring}`,
  // A build that a loss of power interrupts begins anew, so dpkg need not wait for the disk.
  '--dpkgopt=force-unsafe-io',
  ...(UNRELEASED.has(suite) ? ['--aptopt=Acquire::Check-Valid-Until "false"'] : []),
  ...args,
  suite,
  path.resolve(target),
  ...archivesOf(suite, mirror).map(
    (archive) => `deb [signed-by=${mirror.keyring}] ${archive.uri} ${archive.suite} main`,
  ),
];

/** Quotes text as one word of a shell command. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
