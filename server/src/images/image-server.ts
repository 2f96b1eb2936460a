import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';

/** Milliseconds that a server has to answer, and that an answer (yes or no) is believed. */
const TIMEOUT = 3_000;
const BELIEVED = 5 * 60_000;
/** Milliseconds that a question waits for the first answer of a server; later ones never wait. */
const PATIENCE = 500;

export interface ImageServers {
  /** Why the server's images cannot be had, as a sentence; null where it answers. */
  whyUnavailable(server: string): Promise<string | null>;
}

interface Probe {
  reason: string | null;
  until: number;
  running: Promise<void> | null;
}

/** Finds out whether image servers answer, without making anybody wait for one that does not. */
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
