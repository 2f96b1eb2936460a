import { readFile } from 'node:fs/promises';
import type { InstanceRef } from '../../src/dataplane/contract/refs.ts';
import { projectName } from '../../src/dataplane/incus/names.ts';
import { waitFor } from '../harness.ts';

/** With cgroup v1 if the guest has it, else v2. The inner group gets a state of its own. */
const SCRIPT = [
  'if cd /sys/fs/cgroup/freezer 2>/dev/null; then set -- freezer.state FROZEN',
  'else cd /sys/fs/cgroup; set -- cgroup.freeze 1; fi',
  'mkdir -p z/z; sleep 1000 &',
  'for pid in $! 1; do echo $pid >z/z/cgroup.procs; done',
  'echo $2 >z/z/$1; echo $2 >z/$1',
].join('\n');

/**
 * Lets root in the guest freeze its init process, and returns when the host sees it. The guest does so in the
 * background once the SSH session is over, since that cannot end without init.
 */
export async function freezeItself(
  ref: InstanceRef,
  inside: (command: string) => Promise<string>,
): Promise<void> {
  await inside(`cat >/root/freeze <<'END'\n${SCRIPT}\nEND
(while pgrep -f '^sshd: root'; do sleep 0.1; done; sh /root/freeze) </dev/null >/dev/null 2>&1 &`);
  const payload = `lxc.payload.${projectName(process.env.DANUBE_TEST_INSTALL_ID ?? '', ref.teamId)}_${ref.name}`;
  const states = [
    `/sys/fs/cgroup/freezer/${payload}/z/freezer.state`,
    `/sys/fs/cgroup/${payload}/z/cgroup.freeze`,
    `/sys/fs/cgroup/unified/${payload}/z/cgroup.freeze`,
  ];
  await waitFor('the guest to freeze itself', async () => {
    const seen = await Promise.all(states.map((file) => readFile(file, 'utf8').catch(() => '')));
    return seen.some((state) => /^(FROZEN|1)$/.test(state.trim()));
  });
}
