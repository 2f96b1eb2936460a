import { type ChildProcess, fork } from 'node:child_process';
import type { KeyedCertificate } from '../../lib/pki.ts';
import type { CopySource } from './copies.ts';
import type { Upstream } from './front.ts';

/** What the server says to the process of the front. */
export type ToFront =
  | { kind: 'listen'; port: number; certificate: KeyedCertificate }
  | { kind: 'certificate'; certificate: KeyedCertificate }
  | ({ kind: 'state'; counted: number } & FrontState)
  /** The answer to `sizeOf`; null: not known. */
  | { kind: 'size'; id: number; bytes: number | null }
  | { kind: 'close'; graceMs: number };

/** What the process of the front says to the server. */
export type FromFront =
  | { kind: 'listening' }
  | { kind: 'refused'; code: string; message: string }
  /** Bytes since the process began. */
  | { kind: 'letIn'; bytes: number }
  | { kind: 'sizeOf'; id: number; source: CopySource };

export interface FrontState {
  /** The gateway; null while there is none. */
  upstream: Upstream | null;
  /** Bytes that may still be written; null: not known. */
  room: number | null;
}

export interface FrontProcessOptions {
  port: number;
  certificate: KeyedCertificate;
  /** Told of bytes that were sent to the gateway to be stored. */
  letIn(bytes: number): void;
  /** Bytes of an object that is copied within the store. */
  sizeOf(source: CopySource): Promise<number>;
  /** Told when the process has ended without being asked to; `how` is its status or signal. */
  ended(how: string): void;
}

/** Milliseconds for requests in progress when the server ends. */
export const FRONT_GRACE = 5_000;
/** Milliseconds after these until a process that does not end is killed. */
const PATIENCE = 2_000;

/** The front of the object store in a process of its own, as this process sees it. */
export class FrontProcess {
  readonly #child: ChildProcess;
  readonly #options: FrontProcessOptions;
  readonly #exit: Promise<unknown>;
  #counted = 0;
  #isClosing = false;

  /** Resolves when the port is served. Throws the error of the system where it cannot be, with its `code`. */
  static async start(options: FrontProcessOptions): Promise<FrontProcess> {
    const front = new FrontProcess(options);
    await front.#listen();
    return front;
  }

  private constructor(options: FrontProcessOptions) {
    this.#options = options;
    this.#child = fork(new URL('./front-worker.ts', import.meta.url), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#exit = new Promise((resolve) => this.#child.once('exit', resolve));
  }

  /** Of the process. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** For new connections; those that are open keep the old one. */
  renew(certificate: KeyedCertificate): void {
    this.#tell({ kind: 'certificate', certificate });
  }

  /** Passes on what has changed. */
  update(state: FrontState): void {
    this.#tell({ kind: 'state', counted: this.#counted, ...state });
  }

  /** Resolves when the requests in progress have ended, or `graceMs` have passed. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#tell({ kind: 'close', graceMs });
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), graceMs + PATIENCE);
    await this.#exit;
    clearTimeout(patience);
  }

  async #listen(): Promise<void> {
    const { port, certificate, ended } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#child.on('message', (message: FromFront) => {
        if (message.kind === 'listening') resolve();
        else if (message.kind === 'refused')
          reject(Object.assign(new Error(message.message), { code: message.code }));
        else void this.#hear(message);
      });
      this.#child.once('error', reject);
      this.#child.once('exit', (status, signal) =>
        reject(new Error(`The front ended with ${signal ?? status}.`)),
      );
      this.#tell({ kind: 'listen', port, certificate });
    });
    this.#child.once('exit', (status, signal) => {
      if (!this.#isClosing) ended(String(signal ?? status));
    });
  }

  async #hear(message: Exclude<FromFront, { kind: 'listening' | 'refused' }>): Promise<void> {
    if (message.kind === 'letIn') {
      this.#options.letIn(message.bytes - this.#counted);
      this.#counted = message.bytes;
      return;
    }
    // Where it cannot be told, the client is told to try again.
    const bytes = await this.#options.sizeOf(message.source).catch(() => null);
    this.#tell({ kind: 'size', id: message.id, bytes });
  }

  /** A process that has gone is told nothing any more: its end is noticed by itself. */
  #tell(message: ToFront): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}
