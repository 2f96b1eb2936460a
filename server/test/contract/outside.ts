import { type RunResult, run } from '../../src/lib/run.ts';
import { slice } from '../slice.ts';

/**
 * Simulates another host next to this one: a network namespace, connected by a veth pair whose addresses no one else
 * uses.
 */
export interface Outside {
  /** Address of this host on the veth pair. */
  address: string;
  /** Address of the other host. */
  farAddress: string;
  /** The command line that runs a command there. */
  command(words: readonly string[]): string[];
  /**
   * Connects to a TCP port and returns the first line received; null where there is none within so many seconds. The default
   * allows for a busy machine; pass {@link SILENCE} where nothing must come.
   */
  lineFrom(address: string, port: number, seconds?: number): Promise<string | null>;
  close(): Promise<void>;
}

/**
 * The install's `id` and the slice make names and addresses unique on this host. Replaces what an earlier run of the
 * same id left.
 */
export async function openOutside(id: string): Promise<Outside> {
  const own = `${id}-${slice.number}`;
  const [namespace, here, there] = [`danube-test-${own}`, `t${own}a`, `t${own}b`];
  const block = ((Number.parseInt(id, 16) + slice.number) % 64) * 4;
  const [address, far] = [`198.51.100.${block + 1}`, `198.51.100.${block + 2}`];
  const ip = (...words: string[]): Promise<RunResult> => run('ip', words);
  const close = async (): Promise<void> => {
    // Deletes both ends of the veth pair. Status 1: it does not exist.
    await run('ip', ['link', 'delete', here], { allow: [1] });
    await run('ip', ['netns', 'delete', namespace], { allow: [1] });
  };
  await close();
  await ip('netns', 'add', namespace);
  await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', namespace);
  await ip('address', 'add', `${address}/30`, 'dev', here);
  await ip('link', 'set', here, 'up');
  await ip('-n', namespace, 'address', 'add', `${far}/30`, 'dev', there);
  await ip('-n', namespace, 'link', 'set', there, 'up');
  await ip('-n', namespace, 'route', 'add', 'default', 'via', address);
  const command = (words: readonly string[]): string[] => ['ip', 'netns', 'exec', namespace, ...words];
  return {
    address,
    farAddress: far,
    command,
    async lineFrom(target, port, seconds = 60) {
      const [program = '', ...args] = command([
        ...['timeout', String(seconds), 'bash', '-c', FIRST_LINE, 'line'],
        ...[target, String(port)],
      ]);
      const { status, stdout } = await run(program, args, { allow: 'any' });
      return status === 0 ? stdout.trim() : null;
    },
    close,
  };
}

/** Seconds without an answer that show that none comes. */
export const SILENCE = 3;

/** For bash: `$1` is the address, `$2` the port. */
export const FIRST_LINE = 'exec 3<>/dev/tcp/$1/$2 && read -r line <&3 && echo "$line"';
