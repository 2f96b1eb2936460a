import { once } from 'node:events';
import net from 'node:net';

/**
 * Boot slots shared by all processes of a run. A client that connects gets a byte once a slot is free, and holds the
 * slot until its connection ends for any reason. `name` is that of an abstract socket. Returns the function that stops
 * serving.
 */
export async function serveBootSlots(name: string, slots: number): Promise<() => void> {
  const waiting: net.Socket[] = [];
  let free = slots;
  const next = (): void => {
    while (free > 0 && waiting.length > 0) {
      const client = waiting.shift()!;
      if (client.destroyed) continue;
      free -= 1;
      client.once('close', () => {
        free += 1;
        next();
      });
      client.write('.');
    }
  };
  const server = net.createServer((client) => {
    // A killed process ends its connections too.
    client.on('error', () => undefined).resume();
    waiting.push(client);
    next();
  });
  server.unref().listen(`\0${name}`);
  await once(server, 'listening');
  return () => void server.close();
}

/** Requests boot slots from the server of that name, which grants them in the order of the requests. */
export const sharedBootSlots = (name: string) => async (): Promise<() => void> => {
  const connection = net.connect(`\0${name}`);
  await once(connection, 'data');
  connection.unref();
  return () => connection.destroy();
};
