import { DataPlaneError } from '../dataplane/contract/errors.ts';

/** Queries an instance; null where it does not answer, which is a finding about the instance and not an error. */
export type Ask = <T>(about: string, question: () => Promise<T>) => Promise<T | null>;

/** Coalesces identical concurrent queries (single-flight), so that a guest is queried once. */
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
      // When the whole data plane is unreachable, the caller must know.
      if (error instanceof DataPlaneError && error.code !== 'unreachable') return null;
      throw error;
    }
  };
}
