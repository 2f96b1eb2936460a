import assert from 'node:assert/strict';
import type { TestService } from './service.ts';

/** What an engine's system account is to be kept from, as its test finds it out. */
export interface Containment {
  /** The system account. */
  user: string;
  /** What it may write. */
  folders: readonly string[];
  /** Shell command that connects to a host with the engine's own client. */
  connect(host: string): string;
  /** What the client says when the kernel lets nothing out. */
  refusal: RegExp;
}

/**
 * Whatever an engine is made to do, it does as its system account: that may write in the engine's own folders alone, and
 * reach no other host.
 */
export async function assertContained(service: TestService, expected: Containment): Promise<void> {
  const { user, folders, connect, refusal } = expected;
  const as = (command: string) =>
    service.inside(['sh', '-c', `setpriv --reuid=${user} --regid=${user} --clear-groups -- ${command}`], {
      allow: 'any',
    });
  // Devices are Incus' choice, and lead to no file.
  const rest = ['/proc', '/sys', ...folders].map((folder) => `-path ${folder} -o`).join(' ');
  const walk = `find / \\( ${rest} -path '/dev/[!sm]*' \\) -prune -o ! -type l -writable -print 2>/dev/null`;
  assert.deepEqual((await as(walk)).stdout.split('\n').filter(Boolean), []);
  for (const host of [service.spec.network.ipv4.gateway, '192.0.2.1']) {
    const { stdout, stderr } = await as(connect(host));
    assert.match(stdout + stderr, refusal, host);
  }
}
