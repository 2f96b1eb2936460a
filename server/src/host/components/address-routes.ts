import { existsSync, readFileSync } from 'node:fs';
import { run } from '../../lib/run.ts';
import { UNREACHABLE_METRIC } from '../address-pools.ts';
import type { HostComponent, HostContext } from '../component.ts';
import { poolsOf, readInstall } from '../install.ts';
import { fail, ok, RESTART } from '../verdict.ts';
import { usesLocalIncus } from './incus-connection.ts';

const METRIC = String(UNREACHABLE_METRIC);

/** Arguments of ip(8) for one family, and the range there. */
interface Route {
  family: '-4' | '-6';
  range: string;
}

/** Whether this host uses IPv6 at all. */
export const usesIpv6 = (): boolean => existsSync('/proc/sys/net/ipv6') && !isOff('all') && !isOff('lo');

const isOff = (device: string): boolean =>
  readFileSync(`/proc/sys/net/ipv6/conf/${device}/disable_ipv6`, 'utf8').trim() === '1';

const routesTo = (ranges: readonly string[]): Route[] =>
  [...new Set(ranges)].map((range) => ({ family: range.includes(':') ? '-6' : '-4', range }));

const describe = ({ family, range }: Route): string[] => [
  family,
  'route',
  'show',
  'exact',
  range,
  'type',
  'unreachable',
];

const isThere = async (route: Route): Promise<boolean> =>
  (await run('ip', describe(route), { allow: 'any' })).stdout.includes(` metric ${METRIC}`);

async function keep<T>(all: readonly T[], test: (one: T) => Promise<boolean>): Promise<T[]> {
  const kept: T[] = [];
  for (const one of all) if (await test(one)) kept.push(one);
  return kept;
}

/** The ranges that have no route yet. Those of IPv6 only where this host has it. */
export async function missingRoutes(ranges: readonly string[]): Promise<string[]> {
  const wanted = routesTo(ranges).filter(({ family }) => family === '-4' || usesIpv6());
  return (await keep(wanted, async (route) => !(await isThere(route)))).map(({ range }) => range);
}

/**
 * Makes each address of the ranges (CIDR) unreachable that no network of the install has. The networks have routes of their
 * own, which are more specific. Idempotent; needs root.
 */
export async function ensureRoutes(ranges: readonly string[]): Promise<void> {
  for (const { family, range } of routesTo(await missingRoutes(ranges))) {
    await run('ip', [family, 'route', 'replace', 'unreachable', range, 'metric', METRIC]);
  }
}

/** The ranges whose route is there. */
export const presentRoutes = async (ranges: readonly string[]): Promise<string[]> =>
  (await keep(routesTo(ranges), isThere)).map(({ range }) => range);

export async function removeRoutes(ranges: readonly string[]): Promise<void> {
  for (const { family, range } of routesTo(await presentRoutes(ranges))) {
    await run('ip', [family, 'route', 'delete', 'unreachable', range, 'metric', METRIC], { allow: 'any' });
  }
}

/**
 * The ranges that addresses of instances on this host come from. Empty before the first start, in a damaged install, and where
 * the instances are elsewhere.
 */
async function rangesOf({ config }: HostContext): Promise<string[]> {
  const install = await readInstall(config.home).catch(() => null);
  if (!install || !['own', 'host'].includes(install.incus)) return [];
  const { ipv4, ipv6 } = poolsOf(config, install);
  // Instances that were made before a setting changed keep their addresses.
  return [ipv4, ipv6, install.ipv4Pool, install.ipv6Pool];
}

/**
 * Where the network of a team is not there (it was not made yet, or somebody took its bridge away), what is sent to its
 * addresses would leave this host by the default route: a stranger could answer for an instance, and would read what is sent.
 */
export const addressRoutes: HostComponent = {
  name: 'Address routes',
  packages: () => [{ name: 'iproute2', proof: '/usr/sbin/ip' }],
  appliesTo: usesLocalIncus,
  create: (context) => ({
    // The start does not depend on it: where it fails, the log and `doctor` say so.
    background: true,
    ensure: async () => ensureRoutes(await rangesOf(context)),
    isUp: async () => (await missingRoutes(await rangesOf(context))).length === 0,
    intervalMs: 30_000,
  }),
  checks: [
    {
      name: 'address routes',
      async look(context) {
        const missing = await missingRoutes(await rangesOf(context));
        return missing.length === 0
          ? ok('addresses without a network are unreachable')
          : fail(
              `missing for ${missing.join(', ')}: what is sent to addresses without a network leaves this host`,
              RESTART,
            );
      },
    },
  ],
  async remove(context, attempt) {
    const ranges = await presentRoutes(await rangesOf(context));
    if (ranges.length > 0) await attempt('Removing the routes of addresses', () => removeRoutes(ranges));
  },
  async remains(context) {
    const ranges = await presentRoutes(await rangesOf(context));
    return ranges.map((range) => `the route that makes ${range} unreachable`);
  },
};
