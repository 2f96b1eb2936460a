import type { Connection } from './provider.ts';

/**
 * A connection URI (RFC 3986). User, password and database are percent-encoded, IPv6 hosts get brackets, and `query` is
 * appended unchanged. Without a password, clients ask for it.
 */
export function connectionUri(scheme: string, connection: Connection, query = ''): string {
  const { host, port, username, password, database } = connection;
  const user = password === null ? encode(username) : `${encode(username)}:${encode(password)}`;
  const authority = `${user}@${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `${scheme}://${authority}/${database === null ? '' : encode(database)}${query}`;
}

/**
 * Also encodes the characters that `encodeURIComponent` keeps, some of which have a meaning in shells and lax parsers.
 */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
