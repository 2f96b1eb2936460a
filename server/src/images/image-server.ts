import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';

/** Time-out of a request to a server, and how long its result (reachable or not) is cached, in milliseconds. */
const TIMEOUT = 3_000;
const BELIEVED = 5 * 60_000;
/** Milliseconds to wait for the first result about a server; later calls do not wait. */
const PATIENCE = 500;

export interface ImageServers {
  /** Why the server's images are unavailable, as a sentence; null where it is reachable. */
  whyUnavailable(server: string): Promise<string | null>;
}

interface Probe {
  reason: string | null;
  until: number;
  running: Promise<void> | null;
}

/** Checks whether image servers are reachable, without making callers wait for one that is not. */
export function probeImageServers(): ImageServers {
  const probes = new Map<string, Probe>();
  const start = (server: string, probe: Probe): void => {
    probe.running ??= ask(server).then((reason) => {
      probe.reason = reason;
      probe.until = Date.now() + BELIEVED;
      probe.running = null;
    });
  };
  return {
    async whyUnavailable(server) {
      const known = probes.get(server);
      const probe = known ?? { reason: `${server} has not answered yet.`, until: 0, running: null };
      probes.set(server, probe);
      if (probe.until < Date.now()) start(server, probe);
      const first = probe.until === 0;
      if (first) await Promise.race([probe.running, delay(PATIENCE, undefined, { ref: false })]);
      return probe.reason;
    },
  };
}

async function ask(server: string): Promise<string | null> {
  try {
    const response = await request(`${server}/streams/v1/index.json`, {
      method: 'HEAD',
      signal: AbortSignal.timeout(TIMEOUT),
    });
    await response.body.dump();
    return response.statusCode < 400 ? null : `${server} answers with status ${response.statusCode}.`;
  } catch {
    return `${server} cannot be reached from this install.`;
  }
}
