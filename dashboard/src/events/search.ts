/** Which events are shown, as the address says it. */
export interface EventSearch {
  /** A type of resource. */
  type?: string | undefined;
  /** The place in the log that the list goes on from, to what is older. */
  before?: number | undefined;
}

export function readEventSearch({ type, before }: Record<string, unknown>): EventSearch {
  const place = Number(before);
  return {
    type: typeof type === 'string' ? type : undefined,
    before: Number.isSafeInteger(place) && place > 0 ? place : undefined,
  };
}
