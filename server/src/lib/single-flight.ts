/** Runs the work behind a key, or waits for the run that is under way: whoever asks at the same time gets the same answer. */
export type SingleFlight = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createSingleFlight(): SingleFlight {
  const underway = new Map<string, Promise<unknown>>();
  return <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const present = underway.get(key) as Promise<T> | undefined;
    if (present) return present;
    const mine = work().finally(() => underway.delete(key));
    underway.set(key, mine);
    return mine;
  };
}
