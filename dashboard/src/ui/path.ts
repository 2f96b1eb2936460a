/** The address of a page made of parts that are only known when it runs; the router takes any text for it. */
export const pathTo = (...segments: readonly string[]): string => segments.join('/');

/** A page of a list as addresses name it: the first has no number there, and what is no number means the first. */
export function pageInPath(value: unknown): number | undefined {
  const page = Number(value);
  return Number.isInteger(page) && page > 1 ? page : undefined;
}
