import { DataPlaneError } from '../dataplane/contract/errors.ts';

/** Asks an instance something; null where it does not answer, which is a finding and no fault of ours. */
export type Ask = <T>(about: string, question: () => Promise<T>) => Promise<T | null>;

/** Whoever asks about the same at the same time gets the same answer: a guest is asked once. */
export function createAsk(): Ask {
  const underway = new Map<string, Promise<unknown>>();

  function once<T>(about: string, question: () => Promise<T>): Promise<T> {
    const present = underway.get(about) as Promise<T> | undefined;
    if (present) return present;
    const mine = question().finally(() => underway.delete(about));
    underway.set(about, mine);
    return mine;
  }

  return async (about, question) => {
    try {
      return await once(about, question);
    } catch (error) {
      // A data plane that is away as a whole is for the caller to know.
      if (error instanceof DataPlaneError && error.code !== 'unreachable') return null;
      throw error;
    }
  };
}
