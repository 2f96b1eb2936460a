/** What a look at one part of an install has found. */
export interface Finding {
  part: string;
  state: 'ok' | 'warn' | 'fail';
  message: string;
  /** What to do about it; null where all is well. */
  mend: string | null;
}

export type Verdict = Omit<Finding, 'part'>;

export const ok = (message: string): Verdict => ({ state: 'ok', message, mend: null });
export const warn = (message: string, mend: string): Verdict => ({ state: 'warn', message, mend });
export const fail = (message: string, mend: string): Verdict => ({ state: 'fail', message, mend });

/** What to do about most of it. */
export const RESTART = 'Start Danube (`npm start`): it mends this by itself.';
