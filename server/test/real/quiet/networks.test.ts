import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { bridgeName } from '../../../src/dataplane/incus/names.ts';
import { NEIGHBOUR_SETTINGS } from '../../../src/dataplane/incus/neighbours.ts';
import { type IncusSubject, networkOf, openIncus, TEAMS } from '../../contract/subjects.ts';

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
});
