import { ApiError, answerOf, api } from '../api/client.ts';
import { consoleTexts as text } from '../text/console.ts';

/** Milliseconds before the connection is made anew, the last one again and again. */
const PAUSES = [300, 1_000, 2_000, 4_000];
/** Bytes that one message may have: half of what the server takes. */
const MESSAGE = 32_768;
/** Bytes of output after which the server is told that they are there. */
const ACKNOWLEDGED = 16_384;
/** The close code that ends the shell, and one that leaves it for this page to come back to. */
const [DONE, AWAY, TAKEN_OVER] = [1000, 4000, 4001];

export type LinkState =
  | { is: 'connecting' }
  | { is: 'open' }
  | { is: 'lost' }
  /** `canTakeBack`: the shell goes on elsewhere. */
  | { is: 'closed'; message: string; canTakeBack?: boolean };

/** Where the output goes, and how large that is. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Calls back when it is shown. */
  write(data: Uint8Array | string, done?: () => void): void;
}

/** A shell in a server, over connections that may break: docs/console.md has the protocol. */
export class ConsoleLink {
  readonly #vps: string;
  readonly #screen: Screen;
  readonly #onState: (state: LinkState) => void;
  readonly #encoder = new TextEncoder();
  #console: { id: string; url: string } | null = null;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  /** Bytes of output that have come, that were shown, and that the server knows of. */
  #received = 0;
  #shown = 0;
  #acknowledged = 0;
  #isOver = false;

  constructor(vps: string, screen: Screen, onState: (state: LinkState) => void) {
    this.#vps = vps;
    this.#screen = screen;
    this.#onState = onState;
    addEventListener('online', this.#hurry);
    document.addEventListener('visibilitychange', this.#hurry);
  }

  /** Comes back to the console that this tab had, or opens one. */
  async start(): Promise<void> {
    this.#onState({ is: 'connecting' });
    try {
      const known = remembered(this.#vps);
      this.#console = (known ? await this.#find(known) : null) ?? (await this.#open());
      remember(this.#vps, this.#console.id);
      this.#connect();
    } catch (error) {
      this.#over((error as Error).message);
    }
  }

  type(data: string): void {
    this.#send(this.#encoder.encode(data));
  }

  /** For what is no text: some reports of the mouse. */
  typeBytes(data: string): void {
    this.#send(Uint8Array.from(data, (character) => character.charCodeAt(0)));
  }

  resize(columns: number, rows: number): void {
    this.#say({ type: 'resize', columns, rows });
  }

  /** Ends the shell. */
  end(): void {
    remember(this.#vps, null);
    this.#socket?.close(DONE);
  }

  /** Leaves the shell, which waits a minute for this tab. */
  leave(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    removeEventListener('online', this.#hurry);
    document.removeEventListener('visibilitychange', this.#hurry);
    this.#socket?.close(AWAY);
  }

  async #open(): Promise<{ id: string; url: string }> {
    return (
      await answerOf(
        api.POST('/vps/{vpsInstance}/consoles', { params: { path: { vpsInstance: this.#vps } } }),
      )
    ).console;
  }

  /** Null where the console has ended. */
  async #find(vpsConsole: string): Promise<{ id: string; url: string } | null> {
    const path = { vpsInstance: this.#vps, vpsConsole };
    try {
      const call = api.GET('/vps/{vpsInstance}/consoles/{vpsConsole}', { params: { path, query: {} } });
      return (await answerOf(call)).console;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  #connect(): void {
    const { columns, rows } = this.#screen;
    const url = new URL(this.#console!.url);
    // By the way that the page came: the address of the install may have others.
    url.host = location.host;
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    url.search = String(
      new URLSearchParams({ columns: `${columns}`, rows: `${rows}`, position: `${this.#received}` }),
    );
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') this.#hear(JSON.parse(data) as ServerMessage);
      else this.#show(new Uint8Array(data as ArrayBuffer));
    };
    socket.onclose = ({ code }) => this.#closed(socket, code);
  }

  #show(data: Uint8Array): void {
    this.#received += data.length;
    this.#screen.write(data, () => {
      this.#shown += data.length;
      if (this.#shown - this.#acknowledged < ACKNOWLEDGED) return;
      this.#acknowledged = this.#shown;
      this.#say({ type: 'received', position: this.#shown });
    });
  }

  #hear(message: ServerMessage): void {
    if (message.type === 'open') {
      this.#attempt = 0;
      this.#received = this.#shown = this.#acknowledged = message.position;
      const { columns, rows } = this.#screen;
      this.resize(columns, rows);
      this.#onState({ is: 'open' });
    } else if (message.type === 'closed') {
      const status = message.status ? ` ${text.status(message.status)}` : '';
      this.#over(`${message.message}${status}`);
    }
  }

  #closed(socket: WebSocket, code: number): void {
    if (socket !== this.#socket || this.#isOver) return;
    this.#socket = null;
    if (code === TAKEN_OVER) this.#over(text.takenOver, true);
    else if (code === DONE) this.#over(text.gone);
    else this.#again();
  }

  #again(): void {
    this.#onState({ is: 'lost' });
    clearTimeout(this.#timer);
    const pause = PAUSES[Math.min(this.#attempt, PAUSES.length - 1)]!;
    this.#attempt++;
    this.#timer = setTimeout(() => void this.#reconnect(), pause);
  }

  /** Asks first whether the console is still there: a refused WebSocket does not say why. */
  async #reconnect(): Promise<void> {
    try {
      const found = await this.#find(this.#console!.id);
      if (this.#isOver) return;
      if (!found) return this.#over(text.gone);
      this.#connect();
    } catch (error) {
      if (this.#isOver) return;
      if (error instanceof ApiError && error.status < 429) this.#over(error.message);
      else this.#again();
    }
  }

  /** Does not wait where the network or the reader has just come back. */
  readonly #hurry = (): void => {
    if (this.#isOver || this.#socket || this.#attempt === 0 || document.hidden) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#reconnect(), 0);
  };

  #over(message: string, canTakeBack = false): void {
    if (this.#isOver) return;
    this.leave();
    if (!canTakeBack) remember(this.#vps, null);
    this.#onState({ is: 'closed', message, canTakeBack });
  }

  #send(data: Uint8Array<ArrayBuffer>): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    for (let at = 0; at < data.length; at += MESSAGE) this.#socket.send(data.subarray(at, at + MESSAGE));
  }

  #say(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

type ServerMessage =
  | { type: 'open'; position: number }
  | { type: 'error'; message: string }
  | { type: 'closed'; status: number | null; message: string };

const keyOf = (vps: string): string => `danube-console-${vps}`;

function remembered(vps: string): string | null {
  try {
    return sessionStorage.getItem(keyOf(vps));
  } catch {
    return null;
  }
}

function remember(vps: string, id: string | null): void {
  try {
    if (id === null) sessionStorage.removeItem(keyOf(vps));
    else sessionStorage.setItem(keyOf(vps), id);
  } catch {
    // Storage may be forbidden: then a page that is loaded anew opens another console.
  }
}
