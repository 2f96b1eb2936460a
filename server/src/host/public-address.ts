import { readFileSync } from 'node:fs';
import os from 'node:os';

/**
 * The host's IPv4 address on the interface of its default route, at which others can most likely reach it. Null on a
 * host without such a route.
 */
export function defaultRouteAddress(): string | null {
  const routes = readFileSync('/proc/net/route', 'utf8').split('\n').slice(1);
  // Columns: interface, destination, gateway, flags, …; a default route has the destination 0.0.0.0.
  const device = routes.map((line) => line.split('\t')).find((columns) => columns[1] === '00000000')?.[0];
  const addresses = device === undefined ? [] : (os.networkInterfaces()[device] ?? []);
  return addresses.find(({ family }) => family === 'IPv4')?.address ?? null;
}
