import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import type { ServerMessage } from '../src/resources/consoles/messages.ts';
import { waitFor } from './harness.ts';

/** A client of a console, that says what it has received as a browser does. */
export interface ConsoleClient {
  readonly socket: WebSocket;
  /** All text messages so far. */
  readonly messages: readonly ServerMessage[];
  /** All output of this connection so far. */
  output(): string;
  /** Where its output ends, in bytes since the shell began. */
  position(): number;
  type(text: string): void;
  say(message: unknown): void;
  /** Waits until the output holds this. */
  sees(expected: RegExp, seconds?: number): Promise<void>;
  /** The last message; resolves when the server has closed the connection. */
  closed(seconds?: number): Promise<{ code: number; last: ServerMessage | undefined }>;
  /** Lets the connection break, as a cut network does. */
  cut(): void;
  /** Ends the console. */
  leave(): void;
}

/** Connects to the `url` of a console. Rejects with the status where the server refuses it. */
export async function connectConsole(
  url: string,
  headers: Record<string, string>,
  { acknowledges = true } = {},
): Promise<ConsoleClient> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  const messages: ServerMessage[] = [];
  const chunks: Buffer[] = [];
  let start = 0;
  let length = 0;
  let code: number | null = null;
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) {
      const message = JSON.parse(data.toString()) as ServerMessage;
      messages.push(message);
      if (message.type === 'open') start = message.position;
      return;
    }
    chunks.push(data);
    length += data.length;
    if (acknowledges && socket.readyState === socket.OPEN)
      socket.send(JSON.stringify({ type: 'received', position: start + length }));
  });
  socket.on('close', (closeCode) => {
    code = closeCode;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, response) => {
      response.destroy();
      reject(new Error(`refused with ${response.statusCode}`));
    });
    socket.on('error', reject);
  });
  const output = () => Buffer.concat(chunks).toString();
  return {
    socket,
    messages,
    output,
    position: () => start + length,
    type: (text) => socket.send(Buffer.from(text)),
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    sees: async (expected, seconds = 60) => {
      await waitFor(`the console to show ${expected}`, async () => expected.test(output()), seconds).catch(
        (error: unknown) => assert.fail(`${error}\n${output().slice(-2000)}\n${JSON.stringify(messages)}`),
      );
    },
    closed: async (seconds = 60) => {
      await waitFor('the console to be closed', async () => code !== null, seconds);
      return { code: code!, last: messages.at(-1) };
    },
    cut: () => socket.terminate(),
    leave: () => socket.close(1000),
  };
}
