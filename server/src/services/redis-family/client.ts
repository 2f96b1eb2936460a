import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { TryConnection } from '../connection-client.ts';

/** Bytes of an answer that are read at most; those to `AUTH` and `PING` have one short line. */
const LIMIT = 4_096;

/** For clients of Redis and Valkey (RESP, https://redis.io/docs/latest/develop/reference/protocol-spec/). */
export const tryRedis: TryConnection = async (target, done) => {
  const { host, port, username, password, ca, timeoutMs } = target;
  const socket = tls.connect({ host, port, ca, ...(net.isIP(host) ? {} : { servername: host }) });
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')));
  try {
    await once(socket, 'secureConnect');
    done('tls');
    // Unlike a wait for `data`, it ends when the connection does, and takes errors between two questions.
    const chunks = socket.iterator();
    await ask(socket, chunks, ['AUTH', username, password]);
    done('sign_in');
    await ask(socket, chunks, ['PING']);
    done('query');
  } finally {
    socket.destroy();
  }
};

/** Sends a command; rejects with what the engine says against it. */
async function ask(
  socket: tls.TLSSocket,
  chunks: AsyncIterator<Buffer>,
  words: readonly string[],
): Promise<void> {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  socket.write(`*${words.length}\r\n${parts.join('')}`);
  let answer = '';
  while (!answer.includes('\r\n') && answer.length < LIMIT) {
    const { value, done } = await chunks.next();
    if (done) throw new Error('The connection was closed without an answer.');
    answer += (value as Buffer).toString('latin1');
  }
  if (!answer.startsWith('+')) throw new Error(answer.split('\r\n', 1)[0]!.replace(/^-/, ''));
}
