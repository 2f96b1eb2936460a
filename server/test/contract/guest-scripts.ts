import assert from 'node:assert/strict';
import { testKey } from '../ssh-keys.ts';

const KEY = testKey(1);

/** The customer's cloud-init, with users, keys and files of its own; Danube's part must survive it. */
export const CUSTOM = `#cloud-config
bootcmd:
  - [cloud-init-per, once, keys, ln, /root/.ssh/authorized_keys, /root/keys-before]
ssh_authorized_keys: [${KEY}]
users:
  - name: bob
    shell: /bin/bash
    ssh_authorized_keys: [${KEY}]
write_files:
  - path: /root/written
    permissions: '0640'
    content: by the customer
runcmd:
  - [sh, -c, 'hostname > /root/ran']
`;

/** Starts as many processes as it may have, ends them, and prints how many there were. */
export const COUNT_PROCESSES = `import os, signal
started = []
try:
  while True:
    started.append(os.fork())
    if started[-1] == 0: signal.pause()
except BlockingIOError: print(len(started))
for one in started: os.kill(one, 9)
`;

/**
 * Asserts that the file with root's keys was replaced and not written to, and has those of {@link CUSTOM} and `own`. `inside`
 * runs a command in the guest.
 */
export async function assertKeysKept(
  inside: (command: string) => Promise<string>,
  own: string,
): Promise<void> {
  const before = await inside('stat -c %h /root/keys-before; cat /root/keys-before');
  assert.equal(before, `1\n${own}`);
  const files = '/root/.ssh/authorized_keys /home/bob/.ssh/authorized_keys';
  const modes = await inside(`stat -c '%U %a' ${files}; ls -A /root/.ssh /home/bob/.ssh; cat ${files}`);
  const names = '/home/bob/.ssh:\nauthorized_keys\n\n/root/.ssh:\nauthorized_keys';
  assert.equal(modes, `root 600\nbob 600\n${names}\n${own}\n${KEY}\n${KEY}`);
}
