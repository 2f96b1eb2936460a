import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bootSettings,
  judgeKernelSettings,
  KERNEL_SETTINGS,
  readKernelSetting,
  wrongKernelSettings,
} from './kernel-settings.ts';

const wanted = new Map(KERNEL_SETTINGS.map(({ name, value }) => [name, value]));
const names = (wrong: ReturnType<typeof wrongKernelSettings>): string[] => wrong.map(({ name }) => name);

test('reads this host, and returns null for an unknown setting', () => {
  assert.ok((readKernelSetting('kernel.pid_max') ?? 0) > 0);
  assert.equal(readKernelSetting('kernel.danube_has_no_such_setting'), null);
});

test('a limit below the required value is wrong, a higher one is not', () => {
  const limits = [
    'kernel.pid_max',
    'fs.file-max',
    'net.ipv4.neigh.default.gc_thresh3',
    'net.ipv6.neigh.default.gc_thresh1',
    'net.netfilter.nf_conntrack_max',
  ];
  const has = (change: number) => (name: string) =>
    (wanted.get(name) ?? 0) + (limits.includes(name) ? change : 0);
  assert.deepEqual(names(wrongKernelSettings(has(0))), []);
  assert.deepEqual(names(wrongKernelSettings(has(1))), []);
  assert.deepEqual(names(wrongKernelSettings(has(-1))).sort(), limits.sort());
});

test('a time above the highest that is allowed is wrong, a shorter one is not', () => {
  const time = 'net.netfilter.nf_conntrack_tcp_timeout_time_wait';
  const has = (change: number) => (name: string) => (wanted.get(name) ?? 0) + (name === time ? change : 0);
  assert.deepEqual(names(wrongKernelSettings(has(1))), [time]);
  assert.deepEqual(names(wrongKernelSettings(has(-1))), []);
  assert.ok(bootSettings((name) => (name === time ? '10' : null)).includes(`-${time} = 10`));
});

test('a switch must have the exact value', () => {
  const read = (name: string) => (name === 'net.ipv4.ip_forward' ? 2 : (wanted.get(name) ?? null));
  assert.deepEqual(names(wrongKernelSettings(read)), ['net.ipv4.ip_forward']);
});

test('a missing setting is wrong only where a kernel module would provide it', () => {
  const bridge = ['net.bridge.bridge-nf-call-iptables', 'net.bridge.bridge-nf-call-ip6tables'];
  const nothing = () => null;
  const missing = names(wrongKernelSettings(nothing, () => false));
  assert.deepEqual(missing.slice(0, 2), bridge);
  assert.ok(missing.includes('net.netfilter.nf_hooks_lwtunnel'));
  assert.ok(!missing.includes('kernel.pid_max'));
  assert.deepEqual(names(wrongKernelSettings(nothing, (module) => module === 'nf_conntrack')), bridge);
});

test('doctor warns of settings that only a host can change, and fails for those that the next start repairs', () => {
  const other = (...wrong: string[]) =>
    judgeKernelSettings(
      wrongKernelSettings((name) => (wrong.includes(name) ? 1 : (wanted.get(name) ?? null))),
    );
  assert.equal(other().state, 'ok');
  const { state, remedy } = other('user.max_uts_namespaces');
  assert.equal(state, 'warn');
  assert.match(remedy ?? '', /CAP_SYS_RESOURCE/);
  // The reason stands once for all that have it.
  const { message } = other('user.max_uts_namespaces', 'user.max_net_namespaces');
  assert.match(message, /user\.max_net_namespaces is .*, user\.max_uts_namespaces is /);
  assert.equal(message.match(/share the count/g)?.length, 1);
  assert.equal(other('kernel.threads-max').state, 'fail');
  assert.equal(other('user.max_uts_namespaces', 'kernel.threads-max').state, 'fail');
});

test('the settings for boot keep higher values of the host exactly', () => {
  const most = '9223372036854775807';
  const lines = bootSettings((name) =>
    name === 'fs.file-max' ? most : name === 'kernel.pid_max' ? '32768' : null,
  );
  assert.ok(lines.includes(`-fs.file-max = ${most}`));
  assert.ok(lines.includes('-kernel.pid_max = 4194304'));
  assert.ok(lines.includes('-net.ipv6.neigh.default.gc_thresh3 = 65536'));
  assert.ok(lines.includes('-net.ipv4.ip_forward = 1'));
});
