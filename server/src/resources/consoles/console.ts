import type { WebSocket } from 'ws';
import type { Terminal, TerminalEvents, TerminalSize } from '../../dataplane/contract/terminal.ts';
import { ENDS, type EndReason, readMessage, type ServerMessage, TAKEN_OVER, TEXT_LIMIT } from './messages.ts';
import { Replay, WINDOW } from './replay.ts';
import { Resizes } from './resizes.ts';

/** How long a console lives, in milliseconds. */
export interface ConsoleTimes {
  /** Without a connection. */
  graceMs: number;
  /** Without a key typed, or output. */
  idleMs: number;
  /** Between two questions whether a client is still there; one that gives no answer until the next is not. */
  pingMs: number;
}

/** How a console has ended. */
export interface End {
  reason: EndReason;
  /** Exit status of the shell; null: not known. */
  status: number | null;
}

/** Bytes that may wait for a client that does not read, before its connection is cut. */
const BACKLOG = 4 * WINDOW;
/** Milliseconds that a client has to close its connection, once it is told to. */
const CLOSING = 2_000;
const NORMAL = 1000;
const RESTART = 1012;

/** One shell, with the client that is connected to it at the moment, if any. */
export class Console {
  readonly #times: ConsoleTimes;
  readonly #replay = new Replay();
  readonly #resizes = new Resizes((size) => this.#terminal?.resize(size));
  readonly #end = Promise.withResolvers<End>();
  /** Resolves when there is a shell, or will be none. */
  readonly #opened = Promise.withResolvers<void>();
  #terminal: Terminal | null = null;
  #client: WebSocket | null = null;
  #isOver = false;
  #isPaused = false;
  #leftAt = Date.now();
  #usedAt = Date.now();
  #pingedAt = Date.now();
  #answered = true;
  #input: Promise<unknown> = Promise.resolve();

  constructor(times: ConsoleTimes) {
    this.#times = times;
  }

  /** Resolves when it has ended, for whatever reason. */
  get ended(): Promise<End> {
    return this.#end.promise;
  }

  /** Opens the shell. What is typed before waits for it. */
  async open(open: (events: TerminalEvents) => Promise<Terminal>): Promise<void> {
    const terminal = await open({
      output: (chunk) => this.#write(chunk),
      ended: (status) => this.end('exited', status),
    });
    this.#terminal = terminal;
    this.#opened.resolve();
    if (this.#isOver) terminal.close();
  }

  /** Connects a client in place of the present one, and sends it the output from a position on. */
  connect(client: WebSocket, position: number, size: TerminalSize): void {
    this.#client?.close(TAKEN_OVER, 'another connection has taken over');
    this.#client = client;
    this.#answered = true;
    this.#usedAt = this.#pingedAt = Date.now();
    client.on('message', (data, isBinary) => this.#take(client, data as Buffer, isBinary));
    client.on('pong', () => {
      this.#answered = true;
    });
    // Followed by `close`.
    client.on('error', () => {});
    client.on('close', (code) => this.#leave(client, code));
    this.#replay.receive(position);
    const missed = this.#replay.since(position);
    this.#tell({ type: 'open', position: missed.position });
    for (const chunk of missed.chunks) this.#send(client, chunk);
    if (this.#terminal) this.#resizes.ask(size);
    this.#flow();
    // It has hung up meanwhile.
    if (client.readyState > client.OPEN) this.#leave(client, null);
  }

  /** Ends it where its time is over. To be called about once a second. */
  check(now = Date.now()): void {
    const { graceMs, idleMs, pingMs } = this.#times;
    if (now - this.#usedAt > idleMs) this.end('idle');
    else if (!this.#client && now - this.#leftAt > graceMs) this.end('not_reconnected');
    else if (this.#client && now - this.#pingedAt > pingMs) this.#ping(this.#client, now);
  }

  #ping(client: WebSocket, now: number): void {
    if (!this.#answered) {
      client.terminate();
      return;
    }
    this.#answered = false;
    this.#pingedAt = now;
    client.ping();
  }

  /** Ends the shell, and tells the client why. */
  end(reason: EndReason, status: number | null = null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#opened.resolve();
    this.#resizes.stop();
    this.#terminal?.close();
    this.#tell({ type: 'closed', reason, status, message: ENDS[reason] });
    const client = this.#client;
    this.#client = null;
    client?.close(reason === 'server_stopped' ? RESTART : NORMAL, reason);
    if (client) setTimeout(() => client.terminate(), CLOSING).unref();
    this.#end.resolve({ reason, status });
  }

  #write(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#usedAt = Date.now();
    this.#replay.append(chunk);
    if (this.#client) this.#send(this.#client, chunk);
    this.#flow();
  }

  #send(client: WebSocket, chunk: Buffer): void {
    client.send(chunk, () => {
      if (client === this.#client) this.#flow();
    });
  }

  /** Lets the guest wait while the client has much to read, or is not there. */
  #flow(): void {
    // It may say that it has received what it has not even read.
    const due = Math.max(this.#replay.unseen, this.#client?.bufferedAmount ?? 0);
    if (!this.#isPaused && due >= WINDOW) {
      this.#isPaused = true;
      this.#terminal?.pause();
    } else if (this.#isPaused && due < WINDOW / 2) {
      this.#isPaused = false;
      this.#terminal?.resume();
    }
  }

  #tell(message: ServerMessage): void {
    if ((this.#client?.bufferedAmount ?? 0) > BACKLOG) this.#client?.terminate();
    else this.#client?.send(JSON.stringify(message));
  }

  /** Takes messages one after the other, and reads no further ones from the network meanwhile. */
  #take(client: WebSocket, data: Buffer, isBinary: boolean): void {
    if (client !== this.#client) return;
    client.pause();
    const handled = this.#input.then(() => this.#handle(client, data, isBinary));
    this.#input = handled;
    void handled.then(() => {
      if (this.#input === handled) client.resume();
    });
  }

  async #handle(client: WebSocket, data: Buffer, isBinary: boolean): Promise<void> {
    await this.#opened.promise;
    if (client !== this.#client) return;
    if (isBinary) {
      this.#usedAt = Date.now();
      await this.#terminal?.write(data);
      return;
    }
    const message = data.length > TEXT_LIMIT ? null : readMessage(data.toString());
    if (message?.type === 'resize') this.#resizes.ask(message.size);
    else if (message?.type === 'received' && this.#replay.receive(message.position)) this.#flow();
    else this.#tell({ type: 'error', message: NOT_UNDERSTOOD });
  }

  /** A client that closes the connection itself is done; any other may come back. */
  #leave(client: WebSocket, code: number | null): void {
    if (client !== this.#client) return;
    this.#client = null;
    this.#leftAt = Date.now();
    if (code === NORMAL) this.end('closed');
  }
}

const NOT_UNDERSTOOD =
  'Send {"type":"resize","columns":80,"rows":24} or {"type":"received","position":0} as text, and what is typed as binary.';
