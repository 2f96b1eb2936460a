import net, { type AddressInfo } from 'node:net';

export type Environment = Record<string, string>;

/** Calls back with URIs of the same instance whose address is not in its certificate. */
export async function throughSomebodyElse(
  env: Environment,
  use: (env: Environment) => Promise<void>,
): Promise<void> {
  const name = env.CACHE_URL ? 'CACHE_URL' : 'DATABASE_URL';
  const [, before, host, port, rest] = /^(.*@)([^:/]+):(\d+)(.*)$/.exec(env[name]!)!;
  const forwarder = net.createServer((client) => {
    const instance = net.connect(Number(port), host);
    for (const socket of [client, instance]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        instance.destroy();
      });
    }
    client.pipe(instance).pipe(client);
  });
  await new Promise<void>((resolve) => forwarder.listen(0, '127.0.0.2', resolve));
  try {
    const uri = `${before}127.0.0.2:${(forwarder.address() as AddressInfo).port}${rest}`;
    await use({ ...env, [name]: uri });
  } finally {
    await new Promise((resolve) => forwarder.close(resolve));
  }
}
