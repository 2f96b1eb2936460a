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
    await ask(socket, ['AUTH', username, password]);
    done('sign_in');
    await ask(socket, ['PING']);
    done('query');
  } finally {
    socket.destroy();
  }
};

/** Sends a command; rejects with what the engine says against it. */
async function ask(socket: tls.TLSSocket, words: readonly string[]): Promise<void> {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  socket.write(`*${words.length}\r\n${parts.join('')}`);
  let answer = '';
  while (!answer.includes('\r\n') && answer.length < LIMIT) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    answer += chunk.toString('latin1');
  }
  if (!answer.startsWith('+')) throw new Error(answer.split('\r\n', 1)[0]!.replace(/^-/, ''));
}
