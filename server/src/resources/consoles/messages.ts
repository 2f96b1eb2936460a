import type { TerminalSize } from '../../dataplane/contract/terminal.ts';

/** Sizes that a terminal can have, in characters. */
export const SIZES = { minimum: 1, maximum: 1_000 } as const;

/** Largest text message of a client, in bytes; what is typed may be longer. */
export const TEXT_LIMIT = 1024;

/** What a client says besides what is typed, which it sends as binary messages. */
export type ClientMessage =
  | { type: 'resize'; size: TerminalSize }
  /** It has all output before this position, in bytes since the shell began. */
  | { type: 'received'; position: number };

/** Why a console has ended, and what to tell. */
export const ENDS = {
  exited: 'The shell has ended.',
  closed: 'The console was closed.',
  idle: 'The console was closed, since nothing was typed or written for half an hour.',
  not_reconnected: 'The console was closed, since nobody came back to it.',
  access_ended: 'You may not use this console any more: sign in again, or ask an admin of the team.',
  unavailable: 'The console was closed, since Danube could not check whether you may use it. Open a new one.',
  server_stopped: 'The console was closed, since Danube was restarted. Open a new one.',
  not_running: 'The server does not run. Start it, and open a new console.',
  failed: 'The console could not be opened. Try again.',
  lost: 'The process of Danube that held the console has ended.',
  unused: 'Nobody connected to the console.',
} as const;

export type EndReason = keyof typeof ENDS;

/** What the server says besides the output, which it sends as binary messages. */
export type ServerMessage =
  /** The first message of a connection: output follows from this position on. */
  | { type: 'open'; position: number }
  | { type: 'error'; message: string }
  /** The last message. `status`: the exit status of the shell, where that is known. */
  | { type: 'closed'; reason: EndReason; status: number | null; message: string };

/** Close codes of the WebSocket beyond those of RFC 6455, section 7.4.1. */
export const TAKEN_OVER = 4001;

/** Reads a text message of a client; null where it says nothing that there is. */
export function readMessage(text: string): ClientMessage | null {
  let message: Record<string, unknown>;
  try {
    message = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  if (message?.type === 'resize') {
    const { columns, rows } = message;
    return isSize(columns) && isSize(rows) ? { type: 'resize', size: { columns, rows } } : null;
  }
  if (message?.type === 'received') {
    const { position } = message;
    return Number.isSafeInteger(position) && (position as number) >= 0
      ? { type: 'received', position: position as number }
      : null;
  }
  return null;
}

const isSize = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= SIZES.minimum && (value as number) <= SIZES.maximum;
