import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLog } from '../../lib/log.ts';
import type { Engine, InstanceRef, InstanceSpec, TenantNetwork } from '../engine.ts';
import { IncusClient } from '../incus/client.ts';
import { createIncusEngine } from '../incus/engine.ts';
import { projectName } from '../incus/names.ts';
import { createSimEngine } from '../sim/engine.ts';

/** Teams that only the contract uses: what is found of them is left over from a run that was killed. */
export const TEAMS = { one: 900_001, two: 900_002, none: 900_003 } as const;

/** One implementation of the engine under test. */
export interface Subject {
  engine: Engine;
  /** Deletes an instance as an operator with the engine's own tools would. */
  deleteBehindOurBack(ref: InstanceRef): Promise<void>;
  /** Removes all that the contract's teams have. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export interface IncusSubject extends Subject {
  socketPath: string;
  /** Process of the daemon, if this run may kill it: somebody starts it again. */
  daemonPid: number | null;
}

export const networkOf = (teamId: number): TenantNetwork => {
  const index = teamId - TEAMS.one;
  const third = index * 4;
  return {
    ipv4: { subnet: `10.213.${third}.0/22`, gateway: `10.213.${third}.1` },
    ipv6: { subnet: `fd97:da1b:e5c0:${index + 1}::/64`, gateway: `fd97:da1b:e5c0:${index + 1}::1` },
  };
};

/** An instance of a contract team; `host` is the number of its addresses in the team's subnets. */
export function specOf(
  name: string,
  host: number,
  changes: Partial<InstanceSpec> & { teamId?: number } = {},
): InstanceSpec {
  const { teamId = TEAMS.one, ...rest } = changes;
  const network = networkOf(teamId);
  return {
    ref: { teamId, name: `vps-contract-${name}` },
    image: 'debian-12',
    limits: { vcpu: 1, memoryMb: 512, diskGb: 3 },
    network,
    addresses: {
      ipv4: network.ipv4.gateway.replace(/\.1$/, `.${host}`),
      ipv6: network.ipv6.gateway.replace(/::1$/, `::${host.toString(16)}`),
    },
    hostname: name,
    userData: '#cloud-config\n{}\n',
    dataVolume: false,
    files: [],
    publish: [],
    autoStart: true,
    generation: 1,
    ...rest,
  };
}

async function clearTeams(engine: Engine): Promise<void> {
  const teams: number[] = Object.values(TEAMS);
  const left = (await engine.listInstances()).filter(({ ref }) => teams.includes(ref.teamId));
  for (const { ref } of left) await engine.removeInstance(ref);
  for (const teamId of teams) await engine.removeTenant(teamId);
}

export async function openSim(): Promise<Subject> {
  const folder = mkdtempSync(path.join(tmpdir(), 'danube-sim-'));
  const engine = createSimEngine({ stateFile: path.join(folder, 'state'), latencyMs: 0 });
  return {
    engine,
    deleteBehindOurBack: async (ref) => engine.drift.deleteBehindOurBack(ref),
    clear: () => clearTeams(engine),
    async close() {
      await engine.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The Incus that the test runner started. Throws where it did not. */
export async function openIncus(): Promise<IncusSubject> {
  const env = (name: string): string => {
    const value = process.env[name];
    if (!value)
      throw new Error(`${name} is not set: run the tests with \`npm test\`, or \`npm run test:fast\`.`);
    return value;
  };
  const socketPath = env('DANUBE_TEST_INCUS_SOCKET');
  const installId = env('DANUBE_TEST_INSTALL_ID');
  const engine = createIncusEngine({
    connection: { socketPath },
    installId,
    pool: env('DANUBE_TEST_INCUS_POOL'),
    imageCache: env('DANUBE_TEST_IMAGES'),
    log: createLog('warn'),
  });
  const client = new IncusClient({ socketPath });
  return {
    engine,
    socketPath,
    daemonPid: Number(process.env.DANUBE_TEST_INCUS_PID) || null,
    async deleteBehindOurBack(ref) {
      const query = { project: projectName(installId, ref.teamId) };
      const instance = `/1.0/instances/${ref.name}`;
      await client.request('PUT', `${instance}/state`, { action: 'stop', force: true }, { query });
      await client.remove(instance, { query });
    },
    clear: () => clearTeams(engine),
    async close() {
      await client.close();
      await engine.close();
    },
  };
}
