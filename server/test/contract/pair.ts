import assert from 'node:assert/strict';
import type { InstanceSpec } from '../../src/dataplane/contract/compute.ts';
import type { SnapshotRef } from '../../src/dataplane/contract/refs.ts';
import { dataMount, removeWithVolume } from '../volumes.ts';
import { openTo } from './firewalls.ts';
import { NOWHERE } from './snapshot-verbs.ts';
import { ensureWhole, type IncusSubject, networkOf, renamed, specOf, TEAMS } from './subjects.ts';
import { settingsFile } from './test-service.ts';

/** A server and a service of one team, for tests of what snapshots hold. */
export class Pair {
  subject!: IncusSubject;
  server!: InstanceSpec;
  service!: InstanceSpec;

  async open(subject: IncusSubject): Promise<void> {
    this.subject = subject;
    await subject.clear();
    await subject.plane.ensureTenant({ teamId: TEAMS.one, network: networkOf(TEAMS.one) });
    await subject.plane.ensureImage('debian-12');
    this.server = specOf('server', 91);
    const service = specOf('service', 92, {
      image: await subject.ensureServiceImage(),
      userData: null,
      files: [await settingsFile('first')],
    });
    this.service = { ...service, volumes: [dataMount(service.ref)] };
    await subject.plane.ensureFirewalls(TEAMS.one, openTo(this.server, this.service));
    await Promise.all(
      [this.server, this.service].map(async (spec) => {
        await this.ensure(spec);
        await this.ready(spec);
      }),
    );
  }

  async close(): Promise<void> {
    await this.subject?.clear();
    await this.subject?.close();
  }

  /** Runs a command in the instance as root, and returns its output; throws where it fails. */
  async inside({ ref }: InstanceSpec, command: string): Promise<string> {
    const { status, stdout, stderr } = await this.subject.exec(ref, ['bash', '-c', command]);
    assert.equal(status, 0, `${command}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  ready({ ref, volumes }: InstanceSpec): Promise<void> {
    const { plane } = this.subject;
    return volumes.length > 0 ? plane.waitForService(ref, 300) : plane.waitForSsh(ref, 300);
  }

  /** An instance without network to be made from a snapshot of that one. */
  drillOf(spec: InstanceSpec, name: string): InstanceSpec {
    return { ...renamed(spec, `drill-contract-${name}`), addresses: NOWHERE };
  }

  ensure(spec: InstanceSpec, from?: SnapshotRef): Promise<void> {
    return ensureWhole(this.subject.plane, spec, { volumeGb: 3, ...(from ? { from } : {}) });
  }

  remove({ ref }: InstanceSpec): Promise<void> {
    return removeWithVolume(this.subject.plane, ref);
  }

  async powerOf({ ref }: InstanceSpec): Promise<string | undefined> {
    return (await this.subject.plane.describeInstance(ref))?.power;
  }
}
