import createFetchClient, { type Client } from 'openapi-fetch';
import type { paths } from './schema.gen.ts';

export type DanubeClient = Client<paths>;

export interface ClientOptions {
  /** Address of the install without a path, for example `https://cloud.example.org`. */
  url: string;
  /** `ID|SECRET`. */
  token: string;
  /** Team that requests act on; without it, the token's own. */
  teamId?: number;
}

/** A client for the Danube API. Every call resolves to `{data, error, response}`; only a broken connection throws. */
export function createClient({ url, token, teamId }: ClientOptions): DanubeClient {
  return createFetchClient<paths>({
    baseUrl: `${url.replace(/\/+$/, '')}/api/v1`,
    headers: {
      authorization: `Bearer ${token}`,
      ...(teamId === undefined ? {} : { 'x-team-id': String(teamId) }),
    },
  });
}
