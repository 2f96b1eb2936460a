import type { components } from '@danube/client/schema';
import { answerOf, api } from '../api/client.ts';

export type SignInResult = components['schemas']['SignInResult'];

/** Asks the browser for a passkey. Throws `NotAllowedError` where the person closes its dialog. */
export async function passkeyFor(ceremony: string, options: object) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as PublicKeyCredentialRequestOptionsJSON,
  );
  const used = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  // The browser's type says less than the standard, by which it is what the API takes.
  return { ceremony, credential: used.toJSON() as never };
}

/** What people do who are not signed in yet. */
export const signInApi = {
  options: () => answerOf(api.GET('/auth/options')),
  byPassword: (email: string, password: string) =>
    answerOf(api.POST('/auth/sign-in', { body: { email, password } })),
  byCode: (challenge: string, code: string) =>
    answerOf(api.POST('/auth/two-factor', { body: { challenge, code } })),
  register: (body: { email: string; name: string; password: string; invitation?: string }) =>
    answerOf(api.POST('/auth/register', { body })),
  showInvitation: (code: string) => answerOf(api.POST('/auth/invitation', { body: { code } })),
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
    return answerOf(api.POST('/auth/passkey', { body: await passkeyFor(ceremony, options) }));
  },
};
