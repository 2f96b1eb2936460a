import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { describeIsolation, type Isolation, readIsolation, weaknesses } from './isolation.ts';

/** What `readIsolation` finds on a host with these files. */
async function isolationOf(files: Record<string, string>): Promise<Isolation> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'danube-isolation-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(root, name)), { recursive: true });
      await writeFile(path.join(root, name), content);
    }
    return readIsolation(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

const DEBIAN: Record<string, string> = {
  'proc/sys/user/max_user_namespaces': '63432\n',
  'proc/sys/kernel/seccomp/actions_avail': 'kill_process kill_thread trap errno user_notif trace log allow\n',
  'proc/self/mounts': 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n',
  'sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma misc\n',
  'sys/module/apparmor/parameters/enabled': 'Y\n',
  'usr/sbin/apparmor_parser': '',
};

/** Cgroup version 1, with two controllers in one hierarchy, and without the pids controller. */
const OLD: Record<string, string> = {
  ...DEBIAN,
  'proc/self/mounts': [
    'tmpfs /sys/fs/cgroup tmpfs rw,mode=755 0 0',
    'cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0',
    'cgroup /sys/fs/cgroup/cpuset cgroup rw,relatime,cpuset 0 0',
    'cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0',
    'cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0',
  ].join('\n'),
};
delete OLD['sys/fs/cgroup/cgroup.controllers'];

const weak = (isolation: Isolation): string[] => weaknesses(isolation).map(({ what }) => what);

test('a typical Debian has everything', async () => {
  const isolation = await isolationOf(DEBIAN);
  assert.deepEqual(weak(isolation), []);
  assert.equal(
    describeIsolation(isolation),
    'user namespaces, seccomp, AppArmor, cgroups of version 2 (cpu, cpuset, memory, pids)',
  );
});

test('controllers of version 1 are found by their mounts', async () => {
  const isolation = await isolationOf(OLD);
  assert.equal(isolation.cgroupVersion, 1);
  assert.deepEqual(weak(isolation), [
    'without the cgroup controller pids, an instance can use up the process ids of the host',
  ]);
});

test('AppArmor counts where the kernel enables it and profiles can be loaded', async () => {
  const { 'usr/sbin/apparmor_parser': _, ...noParser } = DEBIAN;
  const off = { ...DEBIAN, 'sys/module/apparmor/parameters/enabled': 'N\n' };
  for (const files of [noParser, off]) {
    const isolation = await isolationOf(files);
    assert.equal(isolation.appArmor, false);
    assert.match(weak(isolation).join(), /^without AppArmor/);
    assert.match(describeIsolation(isolation), /no AppArmor/);
  }
});

test('disabled user namespaces count as missing', async () => {
  const isolation = await isolationOf({ ...DEBIAN, 'proc/sys/user/max_user_namespaces': '0\n' });
  assert.equal(isolation.userNamespaces, false);
});

test('on a host without any of it, everything is reported', async () => {
  const isolation = await isolationOf({});
  assert.equal(describeIsolation(isolation), 'no user namespaces, no seccomp, no AppArmor, no cgroups');
  assert.equal(weaknesses(isolation).length, 7);
});
