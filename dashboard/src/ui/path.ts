/** The address of a page made of parts that are only known when it runs; the router takes any text for it. */
export const pathTo = (...segments: readonly string[]): string => segments.join('/');
