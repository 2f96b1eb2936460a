import type { components } from '@danube/client/schema';
import { answerOf, api } from '../api/client.ts';

export type SignInResult = components['schemas']['SignInResult'];

/** What people do who are not signed in yet. */
export const signInApi = {
  options: () => answerOf(api.GET('/auth/options')),
  byPassword: (email: string, password: string) =>
    answerOf(api.POST('/auth/sign-in', { body: { email, password } })),
  byCode: (challenge: string, code: string) =>
    answerOf(api.POST('/auth/two-factor', { body: { challenge, code } })),
  register: (body: { email: string; name: string; password: string }) =>
    answerOf(api.POST('/auth/register', { body })),
  requestPassword: (email: string) => answerOf(api.POST('/auth/password-reset', { body: { email } })),
  setPassword: (secret: string, password: string) =>
    answerOf(api.POST('/auth/password', { body: { secret, password } })),
  confirmEmail: (secret: string) => answerOf(api.POST('/auth/email', { body: { secret } })),
  beginProvider: () => answerOf(api.POST('/auth/provider')),
  finishProvider: (parameters: Record<string, string>) =>
    answerOf(api.POST('/auth/provider/finish', { body: parameters })),
  signOut: () => answerOf(api.POST('/auth/sign-out')),
  async byPasskey(): Promise<SignInResult> {
    const { ceremony, options } = await answerOf(api.POST('/auth/passkey/options'));
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
      options as PublicKeyCredentialRequestOptionsJSON,
    );
    const used = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
    // The browser's type says less than the standard, by which it is what the API takes.
    return answerOf(api.POST('/auth/passkey', { body: { ceremony, credential: used.toJSON() as never } }));
  },
};
