import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

/** A way to a port of this host that can be broken, as a network can. */
export interface Line {
  port: number;
  /** Takes no more connections, and leaves those alone that are there. */
  block(): void;
  /** Breaks all connections, and takes no more. */
  cut(): void;
  /** Takes connections again. */
  mend(): void;
  close(): Promise<void>;
}

/** Opens a line to a port at which something listens, or will. */
export async function openLine(target: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let isWhole = true;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    if (!isWhole) {
      near.destroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    keep(far);
    pipeline(near, far, () => {});
    pipeline(far, near, () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const line: Line = {
    port: (server.address() as AddressInfo).port,
    block() {
      isWhole = false;
    },
    cut() {
      line.block();
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isWhole = true;
    },
    close() {
      line.cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return line;
}
