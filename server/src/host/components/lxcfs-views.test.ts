import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMounts } from '../../lib/mounts.ts';
import { lxcfsDaemons, ofLxcfs } from './lxcfs-views.ts';

// From a real kernel. Lines 2 and 3 are in an instance, of an lxcfs that was made read-only later.
const MOUNTINFO = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
64 43 0:41 / /var/lib/lxcfs rw,nosuid,nodev,relatime - fuse.lxcfs lxcfs rw,user_id=0,group_id=0,allow_other
65 43 0:42 /proc/meminfo /proc/meminfo rw,nosuid,nodev,relatime master:7 - fuse.lxcfs lxcfs ro,user_id=0,group_id=0,allow_other
66 43 0:42 /sys/devices/system/cpu /sys/devices/system/cpu ro,nosuid - fuse.lxcfs lxcfs rw,user_id=0,group_id=0,allow_other
67 43 0:43 / /mnt rw,relatime - fuse.sshfs somewhere rw,user_id=0
`;

test('mounts of lxcfs are found with the state of the file system, not of the mount', () => {
  assert.deepEqual(ofLxcfs(parseMounts(MOUNTINFO)), [
    { device: '0:41', place: '/var/lib/lxcfs', readOnly: false },
    { device: '0:42', place: '/proc/meminfo', readOnly: true },
    { device: '0:42', place: '/sys/devices/system/cpu', readOnly: false },
  ]);
  assert.deepEqual(ofLxcfs(parseMounts('')), []);
});

test('a folder without lxcfs has no daemons', () => {
  assert.deepEqual(lxcfsDaemons('/nowhere'), []);
});
