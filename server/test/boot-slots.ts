import { once } from 'node:events';
import net from 'node:net';
import type { Grant } from '../src/dataplane/incus/limiter.ts';

/**
 * Slots for guests that boot, for all processes of a run: whoever connects gets a byte once a slot is free, and has it
 * until the connection ends, however that comes. `name` is that of a socket without a file. Returns what ends it.
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

/** Asks who serves the slots of that name. */
export const sharedBootSlots =
  (name: string): Grant =>
  async () => {
    const connection = net.connect(`\0${name}`);
    await once(connection, 'data');
    connection.unref();
    return () => connection.destroy();
  };
