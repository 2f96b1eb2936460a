import { createContext, useContext } from 'react';

/** Why somebody may not do what a page offers, as a sentence; null where they may. */
export interface Refusals {
  /** Creating and changing. */
  change: string | null;
  /** Deleting. */
  remove: string | null;
}

export const NO_REFUSALS: Refusals = { change: null, remove: null };

/** What stands around the pages says it once for all buttons on them. */
export const RefusalsContext = createContext<Refusals>(NO_REFUSALS);

export const useRefusals = (): Refusals => useContext(RefusalsContext);
