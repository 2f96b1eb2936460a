import type { DataPlane } from '../src/dataplane/contract/data-plane.ts';
import { createIncusDataPlane } from '../src/dataplane/incus/data-plane.ts';
import { BOUNDLESS } from '../src/dataplane/sim/data-plane.ts';
import type { Log } from '../src/lib/log.ts';
import { sharedBootSlots } from './boot-slots.ts';
import { slice } from './slice.ts';

/** Reads an environment variable that `npm test` sets for tests on real instances. */
export function fromTestRun(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with \`npm test\`.`);
  return value;
}

/** The environment that a server process needs to use the Incus of the test run. */
export const incusEnvironment = (): Record<string, string> => ({
  ...Object.fromEntries(
    [
      'DANUBE_TEST_INCUS_SOCKET',
      'DANUBE_TEST_INCUS_POOL',
      'DANUBE_TEST_INSTALL_ID',
      'DANUBE_TEST_IMAGES',
      'DANUBE_TEST_BOOT_SLOTS',
      'PATH',
    ].map((name) => [name, fromTestRun(name)]),
  ),
  DANUBE_TEST_SLICE: String(slice.number),
  DANUBE_IPV4_POOL: slice.pools.ipv4,
  DANUBE_IPV6_POOL: slice.pools.ipv6,
});

/**
 * The data plane on the Incus of the test run. Lists only what belongs to this file's slice, and reports unlimited capacity,
 * because the plans in tests exceed the small pool of a test run. `honest`: reports the real capacity.
 */
export function createTestIncus(log: Log, { honest = false } = {}): DataPlane {
  const plane = createIncusDataPlane({
    connection: { socketPath: fromTestRun('DANUBE_TEST_INCUS_SOCKET') },
    installId: fromTestRun('DANUBE_TEST_INSTALL_ID'),
    pool: fromTestRun('DANUBE_TEST_INCUS_POOL'),
    imageCache: fromTestRun('DANUBE_TEST_IMAGES'),
    bootSlots: sharedBootSlots(fromTestRun('DANUBE_TEST_BOOT_SLOTS')),
    log,
  });
  const { listInstances, listVolumes, listSnapshots } = plane;
  return {
    ...plane,
    describeCapacity: honest ? plane.describeCapacity : async () => BOUNDLESS,
    listInstances: async () => (await listInstances()).filter(({ ref }) => slice.has(ref.teamId)),
    listVolumes: async () => (await listVolumes()).filter(({ teamId }) => slice.has(teamId)),
    listSnapshots: async () => (await listSnapshots()).filter(({ teamId }) => slice.has(teamId)),
  };
}
