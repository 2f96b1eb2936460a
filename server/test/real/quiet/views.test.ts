import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { openTo } from '../../contract/firewalls.ts';
import { type IncusSubject, networkOf, openIncus, specOf, TEAMS } from '../../contract/subjects.ts';
import { waitFor } from '../../harness.ts';
import { fromTestRun } from '../../incus.ts';

/** What a place in a guest must show, beside what the host has there. */
interface View {
  place: string;
  /** Shell command that prints it; default: the content of the place. */
  read?: string;
  isOwn(seen: string, host: string): boolean;
}

const spec = specOf('views', 63, { teamId: TEAMS.two });
const numbers = (text: string): number[] => (text.match(/[\d.]+/g) ?? []).map(Number);
const isEmpty = (seen: string): boolean => seen.trim() === '';
const entries = (place: string): string => `find ${place} -mindepth 1 -maxdepth 1`;

const VIEWS: readonly View[] = [
  { place: '/proc/meminfo', isOwn: (seen) => numbers(seen)[0] === spec.limits.memoryMb * 1024 },
  {
    place: '/proc/cpuinfo',
    isOwn: (seen) => seen.match(/^processor/gm)?.length === spec.limits.vcpu,
  },
  { place: '/proc/uptime', isOwn: (seen, host) => numbers(seen)[0]! < numbers(host)[0]! },
  // Of the host, hundreds: every thread of its kernel is one.
  { place: '/proc/loadavg', isOwn: (seen) => (numbers(seen)[4] ?? 0) < 100 },
  { place: '/proc/swaps', isOwn: (seen) => seen.trim().split('\n').length === 1 },
  { place: '/proc/cmdline', isOwn: isEmpty },
  { place: '/proc/interrupts', isOwn: isEmpty },
  { place: '/proc/partitions', isOwn: isEmpty },
  { place: '/proc/pressure', read: entries('/proc/pressure'), isOwn: isEmpty },
  { place: '/sys/block', read: entries('/sys/block'), isOwn: isEmpty },
  { place: '/sys/class/block', read: entries('/sys/class/block'), isOwn: isEmpty },
  { place: '/sys/fs/btrfs', read: entries('/sys/fs/btrfs'), isOwn: isEmpty },
  { place: '/sys/kernel/debug', read: entries('/sys/kernel/debug'), isOwn: isEmpty },
  { place: '/sys/kernel/tracing', read: entries('/sys/kernel/tracing'), isOwn: isEmpty },
  {
    place: '/sys/class/net',
    read: 'ls /sys/class/net',
    isOwn: (seen) => seen.split('\n').filter(Boolean).sort().join() === 'eth0,lo',
  },
  {
    place: '/proc/net/nf_conntrack',
    read: 'cat /proc/net/nf_conntrack 2>&1 | grep -v ^cat:',
    isOwn: isEmpty,
  },
  { place: '/proc/self/mountinfo', isOwn: (seen) => !seen.includes(fromTestRun('DANUBE_HOME')) },
  { place: 'the kernel log', read: 'dmesg 2>/dev/null', isOwn: isEmpty },
  ...['/proc/kmsg', '/proc/timer_list', '/proc/vmallocinfo', '/proc/kcore'].map((place) => ({
    place,
    read: `head -c 1 ${place} 2>/dev/null`,
    isOwn: isEmpty,
  })),
  {
    place: '/proc/PID',
    read: 'ls -d /proc/[0-9]*',
    isOwn: (seen) =>
      seen.split('\n').filter(Boolean).length <
      readdirSync('/proc').filter((name) => /^\d/.test(name)).length,
  },
];

/** Whoever looks at a guest from inside sees its own plan, and not its host or its neighbours. */
describe('what a guest sees', { timeout: 500_000 }, () => {
  let subject: IncusSubject;
  before(async () => {
    subject = await openIncus();
    await subject.clear();
    await subject.plane.ensureTenant({ teamId: TEAMS.two, network: networkOf(TEAMS.two) });
    await subject.plane.ensureImage(spec.image);
    await subject.plane.ensureFirewalls(TEAMS.two, openTo(spec));
    await subject.plane.ensureInstance(spec);
    await subject.plane.waitForSsh(spec.ref, 300);
  });
  after(async () => {
    await subject?.clear();
    await subject?.close();
  });

  for (const { place, read, isOwn } of VIEWS) {
    it(place, async () => {
      const { stdout } = await subject.exec(spec.ref, ['sh', '-c', read ?? `cat ${place}`]);
      const host = read === undefined ? readFileSync(place, 'utf8') : '';
      assert.ok(isOwn(stdout, host), stdout.slice(0, 2000));
    });
  }

  it('a load average of its own', async () => {
    const { stdout } = await subject.exec(spec.ref, [
      'sh',
      '-c',
      'for n in $(seq 150); do sleep 1000 >/dev/null 2>&1 & done; ls -d /proc/[0-9]*/task/[0-9]* | wc -l',
    ]);
    assert.ok(Number(stdout) > 150, stdout);
    // lxcfs counts every few seconds.
    await waitFor('the processes to be counted', async () => {
      const seen = numbers((await subject.exec(spec.ref, ['cat', '/proc/loadavg'])).stdout);
      return seen[4]! > 150 && seen[4]! < 300;
    });
  });

  it('systemd in it finds nothing wrong', async () => {
    const { stdout } = await subject.exec(spec.ref, ['systemctl', 'list-units', '--failed', '--no-legend']);
    assert.equal(stdout.trim(), '');
  });
});
