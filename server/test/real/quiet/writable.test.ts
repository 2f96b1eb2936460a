import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RunResult } from '../../../src/lib/run.ts';
import { PROVIDERS } from '../../../src/services/registry.ts';
import { openTo } from '../../contract/firewalls.ts';
import { type IncusSubject, networkOf, openIncus, specOf, TEAMS } from '../../contract/subjects.ts';
import { changedSettings, readHostSettings } from '../host-settings.ts';
import { openServices, type TestServices } from '../service.ts';
import { isOwn, reasonFor } from '../writable-rules.ts';

type Inside = (command: readonly string[]) => Promise<RunResult>;

const USERS = {
  root: [],
  nobody: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
};

const script = (name: string): Promise<string> =>
  readFile(path.join(import.meta.dirname, '..', name), 'utf8');

/** How long processor 0 may take to wake up. In a guest, lxcfs is mounted over it. */
const LATENCY = '/sys/devices/system/cpu/cpu0/power/pm_qos_resume_latency_us';

/** A guest must not be able to change its host, with or without AppArmor. */
describe('what guests can write to', { timeout: 1_500_000 }, () => {
  let subject: IncusSubject;
  let services: TestServices;
  // The first network belongs to the services.
  const server = specOf('writable', 61, { teamId: TEAMS.two });
  const inServer: Inside = (command) => subject.exec(server.ref, command);

  before(async () => {
    subject = await openIncus();
    services = await openServices();
    await subject.clear();
    await subject.plane.ensureTenant({ teamId: TEAMS.two, network: networkOf(TEAMS.two) });
    await subject.plane.ensureImage(server.image);
    await subject.plane.ensureFirewalls(TEAMS.two, openTo(server));
    await subject.plane.ensureInstance(server);
    await subject.plane.waitForSsh(server.ref, 300);
  });
  after(async () => {
    await services?.close();
    await subject?.clear();
    await subject?.close();
  });

  it('lxcfs: nothing, and root in a guest cannot change that', async () => {
    const remount = ['mount', '--options-source=disable', '-o'];
    await inServer([...remount, 'remount,rw', '/sys/devices/system/cpu']);
    await inServer([...remount, 'remount,bind,rw', '/sys/devices/system/cpu']);
    const value = readFileSync(LATENCY, 'utf8');
    try {
      for (const [user, become] of Object.entries(USERS)) {
        const { stderr } = await inServer([...become, 'sh', '-c', `echo 5000 >${LATENCY}`]);
        assert.equal(readFileSync(LATENCY, 'utf8'), value, `${user} in a guest has changed the host`);
        assert.match(stderr, /Read-only file system/, user);
      }
    } finally {
      writeFileSync(LATENCY, value);
    }
    assert.match((await inServer(['cat', '/proc/meminfo'])).stdout, /MemTotal: +524288 kB/);
  });

  const guests: [string, () => Promise<Inside>][] = [
    ['a server', async () => inServer],
    ...PROVIDERS.map((provider): [string, () => Promise<Inside>] => [
      provider.name,
      async () => (await services.start(provider, provider.versions[0]!.version)).inside,
    ]),
  ];
  for (const [name, start] of guests) {
    it(`${name}: only what is its own`, async () => {
      const inside = await start();
      for (const [user, become] of Object.entries(USERS)) {
        const as: Inside = (command) => inside([...become, ...command]);
        const writable = await walk(as);
        assert.ok(writable.includes('/dev/null'), writable.join('\n'));
        const unexplained = writable.filter((place) => reasonFor(place) === null);
        assert.deepEqual(
          unexplained.slice(0, 50),
          [],
          `${user} can write to ${unexplained.length} without a reason`,
        );
        const numbers = await changeNumbers(as, writable.filter(isOwn));
        assert.ok(numbers > 50 || user !== 'root', `${user} could change only ${numbers} numbers`);
      }
    });
  }
});

/** Returns the files that the guest can open for writing. */
async function walk(inside: Inside): Promise<string[]> {
  const found: string[] = [];
  // One folder at a time, because Incus limits how much output of a command it returns.
  for (const folder of ['/proc', '/sys', '/dev', 'cgroups']) {
    const { status, stdout, stderr } = await inside(['perl', '-e', await script('writable.pl'), folder]);
    assert.equal(status, 0, stderr);
    assert.ok(stdout.length < 60_000, `${folder}: too much to read`);
    found.push(...stdout.split('\n').filter(Boolean));
  }
  return found;
}

/**
 * Lets the guest change all numbers in these files that it can, and asserts that the host's do not change with them. A
 * file fails only if it changes every time, because something else may change it meanwhile. Returns how many numbers
 * the guest could change.
 */
async function changeNumbers(inside: Inside, files: string[]): Promise<number> {
  const first = await changeOnce(inside, files);
  if (first.changed.length > 0) {
    const { changed } = await changeOnce(inside, files);
    const both = changed.filter((place) => first.changed.includes(place));
    assert.deepEqual(both, [], 'the host has changed with the guest');
  }
  return first.numbers;
}

/**
 * Lets the guest change the numbers, and restores them. Returns how many it could change, and what has changed on the
 * host.
 */
async function changeOnce(inside: Inside, files: string[]): Promise<{ numbers: number; changed: string[] }> {
  const host = readHostSettings();
  assert.ok(host.size > 500, 'the settings of the host could not be read');
  const change = await script('change.pl');
  const { status, stdout, stderr } = await inside(['perl', '-e', change, ...files]);
  assert.equal(status, 0, stderr);
  const changed = changedSettings(host, readHostSettings());
  await inside(['env', `OLD=${stdout}`, 'perl', '-e', change, '--', '--back']);
  return { numbers: stdout.split('\n').length - 1, changed };
}
