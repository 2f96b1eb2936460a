/** The result of one check of `doctor`. */
export interface Finding {
  component: string;
  state: 'ok' | 'warn' | 'fail';
  message: string;
  /** What to do about it; null where all is well. */
  remedy: string | null;
}

export type Verdict = Omit<Finding, 'component'>;

export const ok = (message: string): Verdict => ({ state: 'ok', message, remedy: null });
export const warn = (message: string, remedy: string): Verdict => ({ state: 'warn', message, remedy });
export const fail = (message: string, remedy: string): Verdict => ({ state: 'fail', message, remedy });

/** The remedy for most problems. */
export const RESTART = 'Start Danube (`npm start`): it repairs this by itself.';

/** Bytes in the unit that operators read. */
export const gigabytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GB`;
