import { once } from 'node:events';
import net from 'node:net';
import { createAsk } from '../../instances/single-flight.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import type { KeyedCertificate } from '../../lib/pki.ts';
import type { ConnectionTarget } from '../../services/connection-client.ts';
import { KINDS, type Kind } from './kinds.ts';
import { providerOf } from './settings.ts';
import type { ManagedService } from './store.ts';
import { endpointOf } from './view.ts';

export const STEPS = ['address', 'tcp', 'tls', 'sign_in', 'query'] as const;
export type Step = (typeof STEPS)[number];

/** Milliseconds that one step may take. */
const PATIENCE = 5_000;
/** Characters of an engine’s words that are shown. */
const QUOTED = 300;

export interface StepResult {
  step: Step;
  state: 'ok' | 'failed' | 'skipped';
  message: string;
  /** Null where it was not tried. */
  milliseconds: number | null;
}

export interface ConnectionReport {
  ok: boolean;
  endpoint: string;
  steps: StepResult[];
  /** What to do; null where everything works. */
  remediation: string | null;
}

interface Parts {
  /** Whether there is something to connect to. */
  isReal: boolean;
  secrets: SecretBox;
  authority: () => Promise<KeyedCertificate>;
  publicAddress: string | null;
}

/**
 * Connects to databases and caches from the server’s host, as a customer’s program does. Where to comes from the row
 * alone, so nothing else can be reached by it.
 */
export class ConnectionTest {
  readonly #parts: Parts;
  readonly #ask = createAsk();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Several requests at a time are answered by one test. */
  async run(row: ManagedService): Promise<ConnectionReport> {
    return (await this.#ask(row.id, () => this.#run(row)))!;
  }

  async #run(row: ManagedService): Promise<ConnectionReport> {
    const { isReal, secrets, authority, publicAddress } = this.#parts;
    const { host, port, username, database } = endpointOf(row, publicAddress);
    const endpoint = net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
    const { noun } = KINDS[row.kind as Kind];
    if (!isReal)
      return skipped(endpoint, 'This install only simulates instances: there is nothing to connect to.');
    if (row.status !== 'running')
      return skipped(
        endpoint,
        `The ${noun} does not run: its status is ${row.status}. Start it, or wait until it runs.`,
      );
    const target: ConnectionTarget = {
      host,
      port,
      username,
      database,
      password: secrets.open(row.password_sealed),
      ca: (await authority()).certificate,
      timeoutMs: PATIENCE,
    };
    const steps = await trySteps(row, target, endpoint);
    const failed = steps.find(({ state }) => state === 'failed');
    return {
      ok: failed === undefined,
      endpoint,
      steps,
      remediation: failed ? REMEDIES[failed.step](noun) : null,
    };
  }
}

async function trySteps(
  row: ManagedService,
  target: ConnectionTarget,
  endpoint: string,
): Promise<StepResult[]> {
  const steps: StepResult[] = [
    { step: 'address', state: 'ok', message: `Programs connect to ${endpoint}.`, milliseconds: 0 },
  ];
  let since = performance.now();
  const done = (step: Step): void => {
    const now = performance.now();
    steps.push({ step, state: 'ok', message: DONE[step], milliseconds: Math.round(now - since) });
    since = now;
  };
  try {
    await knock(target);
    done('tcp');
    await providerOf(row).tryConnection(target, done);
  } catch (error) {
    const [step, ...left] = STEPS.slice(steps.length) as [Step, ...Step[]];
    const milliseconds = Math.round(performance.now() - since);
    steps.push({ step, state: 'failed', message: complaint(error), milliseconds }, ...left.map(skip));
  }
  return steps;
}

/** Opens a TCP connection, and closes it. */
async function knock({ host, port, timeoutMs }: ConnectionTarget): Promise<void> {
  const socket = net.connect({ host, port });
  socket.setTimeout(timeoutMs, () =>
    socket.destroy(new Error(`no answer within ${timeoutMs / 1000} seconds`)),
  );
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

const DONE: Record<Step, string> = {
  address: 'It has an address.',
  tcp: 'Its port is open.',
  tls: 'The connection is encrypted, and the certificate is that of this install.',
  sign_in: 'The account and its password are accepted.',
  query: 'A query was answered.',
};

const REMEDIES: Record<Step, (noun: string) => string> = {
  address: () => 'Wait until it runs.',
  tcp: (noun) =>
    `Look at the firewall of the ${noun}: it must let in this address and port. Danube tries it from its own host.`,
  tls: () =>
    'Start it again, which renews its certificate. Programs need the certificate of this install, danube-ca.pem.',
  sign_in: () =>
    'Change its password: the account may have another one, given inside of the engine. Then use the new one in programs.',
  query: (noun) => `Look at the diagnosis and at the log of the ${noun}.`,
};

const skip = (step: Step): StepResult => ({
  step,
  state: 'skipped',
  message: 'Not tried.',
  milliseconds: null,
});

const skipped = (endpoint: string, remediation: string): ConnectionReport => ({
  ok: false,
  endpoint,
  steps: STEPS.map(skip),
  remediation,
});

/** What went wrong, in one line. */
function complaint(error: unknown): string {
  const { message, code, errors } = error as { message?: string; code?: string; errors?: unknown[] };
  // Node tries several addresses of a name, and gathers what each says.
  if (errors?.[0]) return complaint(errors[0]);
  const words = (message || code || String(error)).replace(/[\p{C}\s]+/gu, ' ').trim();
  return `${words.slice(0, QUOTED)}${/[.!?]$/.test(words) ? '' : '.'}`;
}
