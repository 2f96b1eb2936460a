import type { Connection } from './provider.ts';

/**
 * A connection URI, RFC 3986: whatever is in user, password and database is percent-encoded, IPv6 hosts are bracketed.
 * `query` is appended as it is given.
 */
export function connectionUri(scheme: string, connection: Connection, query = ''): string {
  const { host, port, username, password, database } = connection;
  const authority = `${encode(username)}:${encode(password)}@${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `${scheme}://${authority}/${database === null ? '' : encode(database)}${query}`;
}

/** Also the characters that `encodeURIComponent` leaves, some of which shells and sloppy parsers take for their own. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
