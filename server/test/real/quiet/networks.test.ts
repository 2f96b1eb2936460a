import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { IncusClient } from '../../../src/dataplane/incus/client.ts';
import { bridgeName } from '../../../src/dataplane/incus/names.ts';
import { NEIGHBOUR_SETTINGS } from '../../../src/dataplane/incus/neighbours.ts';
import {
  ensureWhole,
  type IncusSubject,
  networkOf,
  openIncus,
  specOf,
  TEAMS,
} from '../../contract/subjects.ts';

const FAMILIES = ['ipv4', 'ipv6'];

describe('the network of a team', { timeout: 300_000 }, () => {
  let subject: IncusSubject;
  const ensure = () => subject.plane.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });

  before(async () => {
    subject = await openIncus();
    await subject.clear();
  });
  after(async () => {
    await subject?.clear();
    await subject?.close();
  });

  it('has the host look for instances that boot more often than once a second', async () => {
    const bridge = bridgeName(subject.installId, TEAMS.one);
    const fileOf = (family: string, name: string, device = bridge) =>
      `/proc/sys/net/${family}/neigh/${device}/${name}`;
    const read = async (device = bridge) => {
      const names = FAMILIES.flatMap((family) =>
        Object.keys(NEIGHBOUR_SETTINGS).map((name) => fileOf(family, name, device)),
      );
      return Promise.all(names.map(async (name) => Number(await readFile(name, 'utf8'))));
    };
    const others = await read('default');
    const wanted = FAMILIES.flatMap(() => Object.values(NEIGHBOUR_SETTINGS));
    await ensure();
    assert.deepEqual(await read(), wanted);
    // As on a bridge that was created anew when the host booted.
    for (const family of FAMILIES) await writeFile(fileOf(family, 'retrans_time_ms'), '1000');
    await ensure();
    assert.deepEqual(await read(), wanted);
    assert.deepEqual(await read('default'), others);
  });

  it('lets an instance without IPv6 start after Incus has set it up again', async () => {
    const { plane, installId, socketPath } = subject;
    const four = specOf('four', 33);
    four.addresses.ipv6 = null;
    await ensure();
    await plane.ensureImage('debian-12');
    await ensureWhole(subject.plane, four);
    await plane.ensureStopped(four.ref, 0);
    const bridge = bridgeName(installId, TEAMS.one);
    const incus = new IncusClient({ socketPath });
    // As it is after each start of Incus.
    await incus.request('PATCH', `/1.0/networks/${bridge}`, { config: { 'ipv4.dhcp.expiry': '2h' } });
    await incus.close();
    const folder = path.join(path.dirname(socketPath), 'networks', bridge, 'dnsmasq.hosts');
    const [file] = (await readdir(folder)) as [string];
    assert.match(await readFile(path.join(folder, file), 'utf8'), /,\[none\]/);
    await plane.ensureRunning(four.ref);
    const found = await plane.describeInstance(four.ref);
    assert.equal(found?.power, 'running');
  });
});
