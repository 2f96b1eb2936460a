import { createLink } from '../src/identity/accounts/links.ts';
import { type ApiClient, type CallOptions, createApiClient } from './api-client.ts';
import { startTestApp, type TestApp, testConfig } from './harness.ts';
import { PASSWORD, type Person } from './people.ts';

export const NEW_PASSWORD = 'staple battery horse';

/** What people do on the pages for signing in. Each request is from another address, whose attempts are counted. */
export function signInsOf(call: ApiClient) {
  let addresses = 0;
  const newAddress = (): string => `198.51.${Math.floor(++addresses / 250)}.${(addresses % 250) + 1}`;
  const post = (path: string, body: object, options: CallOptions = {}) =>
    call('POST', path, { remoteAddress: newAddress(), body, ...options });
  return {
    newAddress,
    post,
    signIn: (email: string, password = PASSWORD, options: CallOptions = {}) =>
      post('/auth/sign-in', { email, password }, options),
    setPassword: (secret: string, password = NEW_PASSWORD) => post('/auth/password', { secret, password }),
  };
}

/** A server without a worker, whose statements could be counted otherwise, and what people do there. */
export async function startSignIns() {
  const test: TestApp = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
  const call = createApiClient(test.app.http, null);
  /** A link to set the password of an account, as it would be mailed. */
  const linkFor = ({ accountId, email }: Person, hours = 1): Promise<string> =>
    test.database.transaction((tx) => createLink(tx, 'password', { accountId, email }, hours));
  return { test, call, linkFor, ...signInsOf(call) };
}
export type SignIns = Awaited<ReturnType<typeof startSignIns>>;
