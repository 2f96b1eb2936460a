import { lookup } from 'node:dns';

/** Asks for all addresses of a name, as `dns.lookup` does. */
export type Lookup = (
  name: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: { address: string; family: number }[]) => void,
) => void;

/** The resolver of the host. */
export const lookupOfHost: Lookup = (name, callback) => lookup(name, { all: true, verbatim: true }, callback);
