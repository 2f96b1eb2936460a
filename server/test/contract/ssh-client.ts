import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type RunResult, run } from '../../src/lib/run.ts';

export interface KeyPair {
  /** Path of the private key. */
  file: string;
  publicKey: string;
}

/** OpenSSH's client, used as customers do. */
export interface SshClient {
  /** Key pairs that servers may or may not accept. */
  mine: KeyPair;
  strangers: KeyPair;
  /** Runs a command as root; the exit status is 255 where the login fails. */
  byKey(address: string, key: KeyPair, command: string): Promise<RunResult>;
  byPassword(address: string, password: string, command: string): Promise<RunResult>;
  close(): void;
}

const OPTIONS = [
  ['StrictHostKeyChecking', 'no'],
  ['UserKnownHostsFile', '/dev/null'],
  ['LogLevel', 'ERROR'],
  ['ConnectTimeout', '60'],
  ['IdentitiesOnly', 'yes'],
  ['IdentityAgent', 'none'],
].map(([name, value]) => `-o${name}=${value}`);

export async function createSshClient(): Promise<SshClient> {
  const folder = mkdtempSync(path.join(tmpdir(), 'danube-ssh-'));
  const makeKey = async (name: string): Promise<KeyPair> => {
    const file = path.join(folder, name);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
    return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() };
  };
  const limits = { allow: 'any', timeoutSeconds: 600 } as const;
  return {
    mine: await makeKey('mine'),
    strangers: await makeKey('strangers'),
    byKey: (address, key, command) =>
      run('ssh', [...OPTIONS, '-oBatchMode=yes', '-i', key.file, `root@${address}`, command], limits),
    byPassword: (address, password, command) =>
      run(
        'sshpass',
        [
          '-e',
          'ssh',
          ...OPTIONS,
          '-oPubkeyAuthentication=no',
          '-oNumberOfPasswordPrompts=1',
          `root@${address}`,
          command,
        ],
        { ...limits, env: { ...process.env, SSHPASS: password } },
      ),
    close: () => rmSync(folder, { recursive: true }),
  };
}
