import assert from 'node:assert/strict';
import type { TestService } from './service.ts';

/** What an engine's system account may do, and how a test tries to do more. */
export interface Containment {
  /** The system account. */
  user: string;
  /** The folders that it may write to. */
  folders: readonly string[];
  /** Shell command that connects to a host with the engine's own client. */
  connect(host: string): string;
  /** The client's error if the kernel blocks the connection. */
  refusal: RegExp;
}

/**
 * Asserts that the engine's system account can write only to the engine's own folders, and can reach no other host.
 * Whatever a customer makes the engine do, it does with this account.
 */
export async function assertContained(service: TestService, expected: Containment): Promise<void> {
  const { user, folders, connect, refusal } = expected;
  const as = (command: string) =>
    service.inside(['sh', '-c', `setpriv --reuid=${user} --regid=${user} --clear-groups -- ${command}`], {
      allow: 'any',
    });
  // Incus chooses the devices, and none of them leads to a file.
  const rest = ['/proc', '/sys', ...folders].map((folder) => `-path ${folder} -o`).join(' ');
  const walk = `find / \\( ${rest} -path '/dev/[!sm]*' \\) -prune -o ! -type l -writable -print 2>/dev/null`;
  assert.deepEqual((await as(walk)).stdout.split('\n').filter(Boolean), []);
  for (const host of [service.spec.network.ipv4.gateway, '192.0.2.1']) {
    const { stdout, stderr } = await as(connect(host));
    assert.match(stdout + stderr, refusal, host);
  }
}
