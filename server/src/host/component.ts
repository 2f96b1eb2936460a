import type { Config } from '../config.ts';
import type { Install } from './install.ts';
import type { Package } from './packages.ts';
import type { Verdict } from './verdict.ts';

/** The install that a component belongs to. */
export interface HostContext {
  config: Config;
  /** Six hex digits. They are in the name of everything that the install puts on the host. */
  installId: string;
  /** Whose Incus the install uses. `none`: no Incus, or unknown. */
  incus: Install['incus'];
  log(message: string): void;
  /** Called when a process has been started and is waited for: meanwhile the start can do something else. */
  onWait?: (() => void) | undefined;
}

/**
 * Something that Danube installs on its host and keeps running, for example a daemon. Set-up, the supervisor, `doctor`
 * and `destroy` iterate over the list in `components.ts`, and know no component by name.
 */
export interface HostComponent {
  /** The name in messages, for example `PostgreSQL`. */
  name: string;
  /** The Debian packages that it needs on this host. */
  packages?(config: Config): readonly Package[];
  /** Its files and folders in the data directory. `destroy` deletes only what some component lists here. */
  entries?: readonly string[];
  /** Components that must be up before this one starts. They must come earlier in the list. */
  after?: readonly HostComponent[];
  /** Whether an install with these settings runs the component on this host. */
  appliesTo(config: Config): boolean;
  /**
   * Creates the object that starts it and keeps it up; null where the host already runs it. Called once, at Danube's
   * start.
   */
  create(context: HostContext): Upkeep | null;
  /** What `doctor` checks. */
  checks?: readonly Check[];
  /** Lines for the operator, who must confirm `destroy`: the customers' data that is lost with it. */
  contents?(context: HostContext): Promise<string[]>;
  /**
   * Stops it and removes it from the host, except for its entries. `destroy` calls this for every component, whatever
   * the present settings, so it must succeed where nothing is installed. An error thrown outside of an `attempt` stops
   * `destroy`, and leaves everything else in place.
   */
  remove?(context: HostContext, attempt: Attempt): Promise<void>;
  /** What is left of it on this host, besides its entries: lines for the operator. Empty after `destroy`. */
  remains?(context: HostContext): Promise<string[]>;
}

/** Keeps a component up for as long as Danube runs. */
export interface Upkeep {
  /** What the terminal shows during set-up. Default: `Starting NAME`. */
  title?: string;
  /** Starts it, or takes over a running one. Idempotent. Throws on failure. `report` shows the progress. */
  ensure(report: (message: string) => void): Promise<void>;
  /** Whether it is up. Absent: it is started once and not watched. */
  isUp?(): boolean | Promise<boolean>;
  /** Milliseconds between two calls of `isUp`. Default: 500. */
  intervalMs?: number;
  /** Set-up does not wait for it. Whoever needs it before it is up must wait or retry. */
  background?: boolean;
  /** Stops it when Danube stops; succeeds where it is not running. Absent: it keeps running. */
  stop?(): Promise<void>;
}

/** One check of `doctor`. */
export interface Check {
  /** The name that `doctor` shows. */
  name: string;
  /** Check it also where the component does not apply: the settings may name one on another host. */
  elsewhere?: true;
  /** Performs the check; an error counts as a failure. Null: this install has nothing to check. */
  look(context: HostContext): Promise<Verdict | null>;
}

/**
 * Runs one step of `destroy` and resolves to whether it succeeded. A failure is reported, and the removal continues.
 */
export type Attempt = (
  title: string,
  work: (report: (message: string) => void) => Promise<void>,
) => Promise<boolean>;
