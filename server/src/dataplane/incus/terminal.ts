import type WebSocket from 'ws';
import type { InstanceRef } from '../contract/refs.ts';
import type { Terminal, TerminalEvents, TerminalSize } from '../contract/terminal.ts';
import type { IncusContext } from './context.ts';
import { explainExec } from './control.ts';
import { instancePath } from './lookup.ts';

/** Root's own shell, as a login shell. Every image has `sh`; where there is no such entry, `sh` it is. */
const SHELL = [
  'sh',
  '-c',
  'shell=$(sed -n "s/^root:.*://p" /etc/passwd); [ -x "$shell" ] || shell=/bin/sh; exec "$shell" -l',
];
const ENVIRONMENT = {
  TERM: 'xterm-256color',
  HOME: '/root',
  USER: 'root',
  LOGNAME: 'root',
  LANG: 'C.UTF-8',
};

const HANGUP = 1;
/** Milliseconds that a shell has to end after it was hung up; then Incus kills it. */
const GRACE = 2_000;
/** Seconds to wait for the exit status of a shell whose terminal is closed. */
const STATUS_SECONDS = 5;

/** Implements `Terminals.openTerminal`: an interactive exec. Incus kills the shell when its control connection breaks. */
export async function openTerminal(
  context: IncusContext,
  ref: InstanceRef,
  size: TerminalSize,
  events: TerminalEvents,
): Promise<Terminal> {
  const { path, query } = instancePath(context, ref);
  const { operation, secrets } = await context.client
    .startExec(path, { ...shellOf(size), command: SHELL, environment: ENVIRONMENT }, { query })
    .catch((error: unknown) => {
      throw explainExec(error);
    });
  const connect = (secret: string | undefined, prepare: (socket: WebSocket) => void) =>
    context.client.openWebSocket(`${operation}/websocket`, { ...query, secret: secret ?? '' }, prepare);
  const control = await connect(secrets.control, () => {});
  try {
    const data = await connect(secrets['0'], (socket) => {
      socket.on('message', (chunk, isBinary) => {
        // Incus says with a text message that the output has ended, and waits for the client to close the connection.
        if (isBinary) events.output(chunk as Buffer);
        else socket.close();
      });
      socket.on('close', () => {
        void exitStatus(context, operation, query).then((status) => {
          control.terminate();
          events.ended(status);
        });
      });
    });
    return terminalOf(data, control);
  } catch (error) {
    control.terminate();
    throw error;
  }
}

const shellOf = ({ columns, rows }: TerminalSize) => ({
  'wait-for-websocket': true,
  'record-output': false,
  interactive: true,
  width: columns,
  height: rows,
  cwd: '/root',
});

function terminalOf(data: WebSocket, control: WebSocket): Terminal {
  const send = (socket: WebSocket, message: Buffer | string): Promise<void> =>
    new Promise((resolve) => {
      if (socket.readyState === socket.OPEN) socket.send(message, () => resolve());
      else resolve();
    });
  return {
    write: (bytes) => send(data, bytes),
    resize({ columns, rows }) {
      const args = { width: String(columns), height: String(rows) };
      void send(control, JSON.stringify({ command: 'window-resize', args }));
    },
    pause: () => data.pause(),
    resume: () => data.resume(),
    close() {
      void send(control, JSON.stringify({ command: 'signal', signal: HANGUP }));
      // Nobody reads what it still says, and its end has to be seen.
      data.removeAllListeners('message');
      data.resume();
      setTimeout(() => {
        control.terminate();
        data.terminate();
      }, GRACE).unref();
    },
  };
}

/** Null where Incus cannot tell any more. */
async function exitStatus(
  { client }: IncusContext,
  operation: string,
  query: Record<string, string>,
): Promise<number | null> {
  try {
    const outcome = await client.wait<{ return?: number } | null>(operation, {
      query,
      timeoutSeconds: STATUS_SECONDS,
    });
    return outcome?.return ?? null;
  } catch {
    // Incus was restarted, or the shell was killed with its server.
    return null;
  }
}
