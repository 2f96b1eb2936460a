import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import OidcProvider from 'oidc-provider';

/** Somebody whom the provider knows. */
export interface Known {
  email?: string;
  email_verified?: boolean;
  name?: string;
}

export interface TestProvider {
  issuer: string;
  /** Settings of an install that signs people in by it. */
  settings: Record<string, string>;
  /** Signs somebody in there, as in a browser. Returns the parameters that the page of the install gets. */
  signIn(url: string, subject: string): Promise<Record<string, string>>;
  close(): Promise<void>;
}

const CLIENT = { client_id: 'danube', client_secret: 'x'.repeat(40) };

/** A real OpenID Connect provider on this host. `people`: by subject. */
export async function startProvider(
  redirectUri: string,
  people: ReadonlyMap<string, Known>,
): Promise<TestProvider> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new OidcProvider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [redirectUri] }],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['of a test'] },
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: async () => ({ sub, ...people.get(sub) }),
    }),
  });
  server.on('request', provider.callback());
  return {
    issuer,
    settings: {
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: CLIENT.client_id,
      OIDC_CLIENT_SECRET: CLIENT.client_secret,
      OIDC_NAME: 'Example SSO',
    },
    signIn: (url, subject) => walk(url, redirectUri, subject),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Follows redirects with cookies, and fills in the provider's forms, until it is sent back to `end`. */
async function walk(start: string, end: string, login: string): Promise<Record<string, string>> {
  const cookies = new Map<string, string>();
  let url = start;
  let form: URLSearchParams | null = null;
  for (let step = 0; step < 12; step++) {
    const answer: Response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form ? { method: 'POST', body: form } : {}),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      if (value === '') cookies.delete(name!);
      else cookies.set(name!, value!);
    }
    const location = answer.headers.get('location');
    const page = await answer.text();
    form = null;
    if (location) {
      url = new URL(location, url).href;
      if (url.startsWith(`${end}?`)) return Object.fromEntries(new URL(url).searchParams);
      continue;
    }
    assert.equal(answer.status, 200, page);
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    assert.ok(prompt, page);
    const action = /action="([^"]+)"/.exec(page)![1]!;
    url = new URL(action, url).href;
    form = new URLSearchParams({ prompt, ...(prompt === 'login' ? { login, password: 'any' } : {}) });
  }
  throw new Error('The provider did not send the browser back.');
}
