import type { Config } from '../config.ts';
import type { Install } from './install.ts';
import type { Package } from './packages.ts';
import type { Verdict } from './verdict.ts';

/** The install that a component belongs to. */
export interface HostContext {
  config: Config;
  /** Six hex digits. They are in the name of everything that the install puts on the host. */
  installId: string;
  /** Whose Incus this install uses. `none`: no Incus, or not known. */
  incus: Install['incus'];
  log(message: string): void;
}

/**
 * Something that Danube installs on its host and keeps running, for example a daemon. Set-up, the supervisor, `doctor`
 * and `destroy` go through the list of them in `components.ts`; nothing else has to know a component.
 */
export interface HostComponent {
  /** The name in messages, for example `PostgreSQL`. */
  name: string;
  /** The Debian packages that it needs. */
  packages?: readonly Package[];
  /** Its files and folders in the data directory. `destroy` deletes these, and nothing that no component names. */
  entries?: readonly string[];
  /** Components that must be up before this one starts. They come earlier in the list. */
  after?: readonly HostComponent[];
  /** Whether an install with these settings runs it on this host. */
  appliesTo(config: Config): boolean;
  /** How to start it and keep it up; null where the host already does. Called once, when Danube starts. */
  create(context: HostContext): Upkeep | null;
  /** What `doctor` looks at. */
  checks?: readonly Check[];
  /** What customers lose with it: lines for the operator, who has to confirm `destroy`. */
  contents?(context: HostContext): Promise<string[]>;
  /**
   * Stops it and removes it from the host, except for its entries. `destroy` calls this for every component, whatever
   * the settings say now: nothing to remove is success. An error outside of attempts ends `destroy`, and leaves the
   * rest as it is.
   */
  remove?(context: HostContext, attempt: Attempt): Promise<void>;
  /** What of it is on this host now, besides its entries: lines for the operator. None after `destroy`. */
  remains?(context: HostContext): Promise<string[]>;
}

/** Keeps a component up for as long as Danube runs. */
export interface Upkeep {
  /** What the terminal shows during set-up. Default: `Starting NAME`. */
  title?: string;
  /** Starts it, or takes over what runs already. Idempotent. Throws when it cannot. `report` tells the progress. */
  ensure(report: (message: string) => void): Promise<void>;
  /** Whether it is up. Absent: it is started, and not watched after that. */
  isUp?(): boolean | Promise<boolean>;
  /** Milliseconds between two calls of `isUp`. Default: 500. */
  intervalMs?: number;
  /** The start does not wait for it. Who needs it meanwhile has to wait or to try again. */
  background?: boolean;
  /** Stops it when Danube ends; nothing to stop is success. Absent: it keeps running. */
  stop?(): Promise<void>;
}

/** One thing that `doctor` looks at. */
export interface Check {
  /** The name that `doctor` shows. */
  name: string;
  /** Look also where the component does not apply: the settings may name one on another host. */
  elsewhere?: true;
  /** An error counts as failure. Null: there is no such thing in this install. */
  look(context: HostContext): Promise<Verdict | null>;
}

/** One step of `destroy`. A failure is told, and the rest is removed all the same. Resolves to whether it worked. */
export type Attempt = (
  title: string,
  work: (report: (message: string) => void) => Promise<void>,
) => Promise<boolean>;
