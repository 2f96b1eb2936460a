import type { Config } from '../config.ts';
import type { Install } from './install.ts';
import type { Package } from './packages.ts';
import type { Verdict } from './verdict.ts';

/** The install that a component belongs to. */
export interface HostContext {
  config: Config;
  /** Six hex digits: part of the name of everything that the install puts on the host. */
  installId: string;
  /** Whose Incus this install uses. `none` where that is not known, or there is no Incus. */
  incus: Install['incus'];
  log(message: string): void;
}

/**
 * Something that Danube installs on its host and keeps running, for example a daemon. Set-up, the supervisor, `doctor`
 * and `destroy` go through the list of them in `components.ts`; nothing else has to know a component.
 */
export interface HostComponent {
  /** As messages name it. */
  name: string;
  /** The Debian packages that it needs. */
  packages?: readonly Package[];
  /** What it keeps in the data directory. `destroy` deletes these, and leaves everything that no component names. */
  entries?: readonly string[];
  /** Components that must be up before it starts. They come earlier in the list. Without any, it starts at once. */
  after?: readonly HostComponent[];
  /** Whether an install with these settings runs it on this host. */
  appliesTo(config: Config): boolean;
  /** How it is started and kept up; null where the host does that itself. Called once per start of Danube. */
  create(context: HostContext): Upkeep | null;
  /** What `doctor` looks at. */
  checks?: readonly Check[];
  /** What of the customers' goes with it for good, as lines for the operator who is asked to confirm `destroy`. */
  contents?(context: HostContext): Promise<string[]>;
  /**
   * Stops it and takes it off the host, but for its entries. For `destroy`, which asks every component, also those that
   * the settings no longer name: where there is nothing to remove, it does nothing. Each attempt stands for itself; an
   * error outside of attempts ends `destroy` and leaves the rest as it is.
   */
  remove?(context: HostContext, attempt: Attempt): Promise<void>;
  /** What of it is on this host besides its entries, as lines for the operator. After `destroy`, that is nothing. */
  remains?(context: HostContext): Promise<string[]>;
}

/** Keeps a component up for as long as Danube runs. */
export interface Upkeep {
  /** What the terminal says while it starts for the first time: `Starting NAME` unless said otherwise. */
  title?: string;
  /** Starts it, or takes over what runs already. Idempotent. Throws when it cannot. `report` tells the progress. */
  ensure(report: (message: string) => void): Promise<void>;
  /** Whether it is up. Absent: it is brought up at the start, and not watched. */
  isUp?(): boolean | Promise<boolean>;
  /** How often `isUp` is asked, in milliseconds: half a second unless said otherwise. */
  intervalMs?: number;
  /** The start does not wait for it. Until it is up, what needs it fails or waits by itself. */
  background?: boolean;
  /** At Danube's end. Absent: it keeps running. Nothing to stop is success. */
  stop?(): Promise<void>;
}

/** One thing that `doctor` looks at. */
export interface Check {
  /** As `doctor` names it. */
  name: string;
  /** Also where the component does not apply, because the settings may name one elsewhere. */
  elsewhere?: true;
  /** Throws where it cannot even look, which is a failure. Null: this install has no such thing. */
  look(context: HostContext): Promise<Verdict | null>;
}

/** One step of `destroy`. A failure is told, and the rest is removed all the same. Resolves to whether it worked. */
export type Attempt = (
  title: string,
  work: (report: (message: string) => void) => Promise<void>,
) => Promise<boolean>;
