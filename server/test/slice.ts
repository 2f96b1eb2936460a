import { globSync } from 'node:fs';
import path from 'node:path';
import type { TenantNetwork } from '../src/dataplane/contract/networks.ts';
import type { AddressPools } from '../src/instances/addresses.ts';
import { TEST_POOLS } from './harness.ts';

/** Team numbers per slice. */
const TEAMS = 1_000;
/** Team networks per slice. */
const NETWORKS = 8;
/** Slices in an install's IPv4 pool, a /13. */
const SLICES = 64;

/**
 * The part of the run's Incus that one test file owns: numbers of teams and networks that no other file uses. So
 * several files can use the Incus at the same time, and each removes only its own instances.
 */
export interface Slice {
  number: number;
  /** The first team number of the slice. */
  firstTeam: number;
  /** Whether the team belongs to the slice. */
  has(teamId: number): boolean;
  /** The address ranges for a server's team networks. */
  pools: AddressPools;
  /** Networks at the end of the ranges, for tests that create teams themselves; number 0 is the last network. */
  network(fromEnd: number): TenantNetwork;
}

/** The slice of this process: that of its test file, or of the test that started it as a server. */
export const slice: Slice = createSlice(Number(process.env.DANUBE_TEST_SLICE ?? numberOfFile()));

/** Each file on real instances has a number; anything with its own Incus, such as a benchmark, is 0. */
function numberOfFile(): number {
  const folder = path.join(import.meta.dirname, 'real');
  const files = globSync('**/*.test.ts', { cwd: folder }).sort();
  return files.indexOf(path.relative(folder, process.argv[1] ?? '')) + 1;
}

function createSlice(number: number): Slice {
  if (number >= SLICES) throw new Error(`There are ${SLICES} slices, and a file has number ${number}.`);
  const { DANUBE_IPV4_POOL: v4 = TEST_POOLS.ipv4, DANUBE_IPV6_POOL: v6 = TEST_POOLS.ipv6 } = process.env;
  const [first, second] = v4.split('.').map(Number);
  const four = (network: number): string => {
    const index = number * NETWORKS + network;
    return `${first}.${second! + (index >> 6)}.${(index & 63) * 4}`;
  };
  const six = (network: number): string =>
    v6.replace(/::\/48$/, `:${(number * NETWORKS + network).toString(16)}:`);
  return {
    number,
    firstTeam: number * TEAMS + 1,
    has: (teamId) => Math.floor(teamId / TEAMS) === number,
    pools: { ...TEST_POOLS, ipv4: `${four(0)}.0/19`, ipv6: `${six(0)}:/61` },
    network(fromEnd) {
      const network = NETWORKS - 1 - fromEnd;
      return {
        ipv4: { subnet: `${four(network)}.0/22`, gateway: `${four(network)}.1` },
        ipv6: { subnet: `${six(network)}:/64`, gateway: `${six(network)}:1` },
      };
    },
  };
}
