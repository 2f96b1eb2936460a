import { type RunResult, run } from '../../src/lib/run.ts';
import type { EngineMetrics, EngineState, PlanSize, Provider } from '../../src/services/provider.ts';
import { waitFor } from '../harness.ts';
import { openServices, type TestService, type TestServices } from './service.ts';

export const MICRO: PlanSize = { vcpu: 1, memoryMb: 256, diskGb: 2 };

/** A command line client, for example `['redis-cli']`. */
export type Client = readonly string[];

/**
 * Runs commands, one per line, and returns the answers. With `ca`, it connects over TLS and verifies the certificate;
 * with null, it connects without TLS. It sends no password if that is empty.
 */
export function ask(
  client: Client,
  to: { address: string; password: string; ca: string | null },
  ...commands: string[]
): Promise<string> {
  const { address, password, ca } = to;
  const port = ca === null ? ['-p', '6379'] : ['-p', '6380', '--tls', '--cacert', ca];
  const [program, ...rest] = [...client, '-h', address, ...port];
  const env = { ...process.env, ...(password ? { REDISCLI_AUTH: password } : {}) };
  return run(program!, rest, {
    input: `${commands.join('\n')}\n`,
    env,
    allow: 'any',
    timeoutSeconds: 600,
  }).then(({ stdout, stderr }: RunResult) => `${stdout}${stderr}`.trim());
}

/** A real instance of one version, with helpers for tests. The helpers may be destructured. */
export class RedisSubject {
  services!: TestServices;
  service!: TestService;
  cli!: Client;

  async open(
    provider: Provider,
    version: string,
    client: (services: TestServices) => Promise<Client>,
  ): Promise<void> {
    this.services = await openServices();
    this.cli = await client(this.services);
    // Contains spaces, quotes, and characters that are special to shells, configuration files and access rules.
    const password = `p "w'd #\\$(x) >@é`;
    this.service = await this.services.start(provider, version, { plan: MICRO, password });
  }

  /** Runs commands as the customer, over TLS. */
  customer = (...commands: string[]): Promise<string> =>
    ask(
      this.cli,
      { address: this.service.address, password: this.service.settings.password, ca: this.services.caFile },
      ...commands,
    );

  /** Sends PING without TLS. */
  plain = (password: string): Promise<string> =>
    ask(this.cli, { address: this.service.address, password, ca: null }, 'PING');

  metrics = async (): Promise<EngineMetrics> =>
    JSON.parse(await this.service.plane.control(this.service.spec.ref, 'metrics'));

  state = async (): Promise<EngineState> =>
    JSON.parse(await this.service.plane.control(this.service.spec.ref, 'state'));

  /** Waits until the engine answers. */
  answers = () => waitFor('the engine to answer', async () => (await this.customer('PING')) === 'PONG');

  /** Waits until the log holds all acknowledged writes. On a slow disk, the engine acknowledges before it has written. */
  written = () =>
    waitFor('the append-only file to be written', async () =>
      /^aof_buffer_length:0\r?$/m.test(await this.customer('INFO persistence')),
    );

  /** Waits until the log has a single incremental file. It has more during a rewrite, and after an interrupted one. */
  oneLog = () =>
    waitFor('the log to have one end', async () => {
      const list = 'ls /data/*/appendonlydir/*.incr.aof | wc -l';
      if ((await this.service.inside(['sh', '-c', list])).stdout.trim() === '1') return true;
      await this.customer('BGREWRITEAOF');
      return false;
    });
}
