import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Measurement } from '../../../src/dataplane/contract/metering.ts';
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

/** A server that sends back what it gets. */
const PORT = 7007;
const ECHO = `
import socket
server = socket.create_server(("", ${PORT}))
while True:
    client = server.accept()[0]
    while data := client.recv(65536):
        client.sendall(data)
`;

/** Sends so many bytes to the guest; false where it does not send all of them back. */
async function echoed(bytes: number): Promise<boolean> {
  const socket = connect(PORT, spec.addresses.ipv4!);
  let got = 0;
  try {
    await once(socket, 'connect');
    socket.write(Buffer.alloc(bytes));
    for await (const part of socket) {
      got += (part as Buffer).length;
      if (got >= bytes) return true;
    }
    return false;
  } catch {
    return false; // It does not listen yet.
  } finally {
    socket.destroy();
  }
}

const isNear = (measured: number, seen: number, share = 0.05): void =>
  assert.ok(
    Math.abs(measured - seen) <= seen * share,
    `${measured} was measured, and ${seen} is seen inside`,
  );

const SEEN =
  "grep '^cpu ' /proc/stat; cat /sys/class/net/eth0/statistics/[rt]x_bytes; " +
  "sed -n 's/^\\(MemTotal\\|MemAvailable\\): *//p' /proc/meminfo; ls -d /proc/[0-9]* | wc -l; cut -d' ' -f1 /proc/uptime";

/** A new measurement, since Incus keeps one for eight seconds, and what the guest sees at that moment. */
async function compared({ plane, exec }: IncusSubject): Promise<{ measured: Measurement; seen: Seen }> {
  const measure = async (): Promise<Measurement> => {
    const found = await plane.measureTeams([TEAMS.two]);
    return found.find(({ ref }) => ref.name === spec.ref.name)!;
  };
  const first = await measure();
  const measured = await waitFor('a new measurement', async () => {
    const next = await measure();
    // Asking uses a little of its processor, if nothing else does.
    if (next.cpuSeconds !== first.cpuSeconds) return next;
    await exec(spec.ref, ['true']);
    return null;
  });
  const lines = (await exec(spec.ref, ['sh', '-c', SEEN])).stdout.trim().split('\n');
  const [user = 0, nice = 0, system = 0] = numbers(lines[0]!);
  const [receivedBytes, sentBytes, total, available, processes, uptime] = lines
    .slice(1)
    .map(Number.parseFloat);
  return {
    measured,
    seen: {
      cpuSeconds: (user + nice + system) / 100,
      receivedBytes: receivedBytes!,
      sentBytes: sentBytes!,
      memoryUsedBytes: (total! - available!) * 1024,
      processes: processes!,
      uptime: uptime!,
    },
  };
}

interface Seen {
  cpuSeconds: number;
  receivedBytes: number;
  sentBytes: number;
  memoryUsedBytes: number;
  processes: number;
  uptime: number;
}

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

  it('what Danube measures of it', async () => {
    const before = await compared(subject);
    // Four seconds of its one processor, then 3 MB in each direction.
    await subject.exec(spec.ref, ['sh', '-c', 'sh -c "ulimit -t 4; while :; do :; done" || true']);
    await subject.exec(spec.ref, ['sh', '-c', `python3 -c '${ECHO}' >/dev/null 2>&1 &`]);
    await waitFor('the bytes to come back', () => echoed(3_000_000));
    // 150 MB that it holds.
    await subject.exec(spec.ref, [
      'sh',
      '-c',
      '(head -c 150M /dev/zero; sleep 1000) | tail -c 150M >/dev/null 2>&1 & sleep 2',
    ]);
    const after = await compared(subject);
    const grown = (name: 'cpuSeconds' | 'receivedBytes' | 'sentBytes') => ({
      measured: after.measured[name]! - before.measured[name]!,
      seen: after.seen[name] - before.seen[name],
    });
    const cpu = grown('cpuSeconds');
    const seconds = (after.measured.at - before.measured.at) / 1000;
    assert.ok(cpu.seen > 3, `${cpu.seen} s of processor time were used`);
    const points = (Math.abs(cpu.measured - cpu.seen) / seconds) * 100;
    assert.ok(points < 5, `${JSON.stringify(cpu)} in ${seconds} s`);
    for (const bytes of [grown('receivedBytes'), grown('sentBytes')]) {
      assert.ok(bytes.seen > 2_500_000, JSON.stringify(bytes));
      isNear(bytes.measured, bytes.seen);
    }
    assert.ok(after.seen.memoryUsedBytes > 150 * 1024 ** 2, JSON.stringify(after));
    isNear(after.measured.memoryUsedBytes!, after.seen.memoryUsedBytes);
    isNear(after.measured.memoryTotalBytes!, spec.limits.memoryMb * 1024 ** 2);
    isNear(after.measured.processes!, after.seen.processes, 0.2);
    const { startedAt } = (await subject.plane.describeUsage(spec.ref))!;
    assert.ok(Math.abs(Date.now() - startedAt! - after.seen.uptime * 1000) < 20_000, String(startedAt));
  });

  it('systemd in it finds nothing wrong', async () => {
    const { stdout } = await subject.exec(spec.ref, ['systemctl', 'list-units', '--failed', '--no-legend']);
    assert.equal(stdout.trim(), '');
  });
});
