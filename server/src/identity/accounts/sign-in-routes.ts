import type { Api } from '../../http/api.ts';
import { idempotencyKey, mutate } from '../../http/mutation.ts';
import { ownOrigin } from '../../http/origin.ts';
import { sessionOf } from '../../http/principal.ts';
import { recordProof } from '../sessions/store.ts';
import {
  type AccountContext,
  answerSignIn,
  askingOf,
  canHavePasskeys,
  clientOf,
  forAnybody,
  ofSession,
} from './context.ts';
import {
  CodeSignIn,
  ConfirmEmail,
  ConfirmPassword,
  Done,
  InvitationShown,
  PasswordSignIn,
  Register,
  RequestPassword,
  SetPassword,
  ShowInvitation,
  SignInOptions,
  SignInResult,
} from './schema.ts';

const tags = ['Sign-in'];
const signsIn = { ...forAnybody, errors: [...forAnybody.errors, 'sign_in_failed'] } as const;
const usesLink = { ...forAnybody, errors: [...forAnybody.errors, 'link_invalid'] } as const;

/** Routes for signing in by password and code, and for registering. */
export function signInRoutes(api: Api, context: AccountContext): void {
  optionsRoute(api, context);
  passwordRoutes(api, context);
  confirmRoute(api, context);
  registrationRoutes(api, context);
  linkRoutes(api, context);
}

function optionsRoute(api: Api, { config, mail }: AccountContext): void {
  api.get(
    '/auth/options',
    {
      schema: {
        operationId: 'getSignInOptions',
        summary: 'Show how to sign in',
        description: 'Shows which ways to sign in and to register this install has.',
        tags,
        response: { 200: SignInOptions },
      },
      config: { public: true, setsCookie: true },
    },
    async (request) => ({
      registration: config.registration,
      provider: config.oidc?.name ?? null,
      passkeys: canHavePasskeys(ownOrigin(config, request)),
      sends_mail: mail.mailEnabled,
    }),
  );
}

function passwordRoutes(api: Api, { config, signIns }: AccountContext): void {
  api.post(
    '/auth/sign-in',
    {
      schema: {
        operationId: 'signIn',
        summary: 'Sign in by password',
        description:
          'Begins a session, or asks for a code first. Attempts are limited by account and by address.',
        tags,
        body: PasswordSignIn,
        response: { 200: SignInResult },
      },
      config: signsIn,
    },
    async (request, reply) => {
      const { email, password } = request.body;
      const result = await signIns.byPassword(email, password, clientOf(config, request));
      return answerSignIn(config, request, reply, result);
    },
  );
  api.post(
    '/auth/two-factor',
    {
      schema: {
        operationId: 'signInWithCode',
        summary: 'Give the code',
        description: 'Begins the session of a sign-in that asked for a code. Each code counts once.',
        tags,
        body: CodeSignIn,
        response: { 200: SignInResult },
      },
      config: signsIn,
    },
    async (request, reply) => {
      const { challenge, code } = request.body;
      const result = await signIns.byCode(challenge, code, clientOf(config, request));
      return answerSignIn(config, request, reply, result);
    },
  );
}

function confirmRoute(api: Api, { signIns }: AccountContext): void {
  api.post(
    '/auth/confirm',
    {
      schema: {
        operationId: 'confirmPassword',
        summary: 'Give the password again',
        description: 'For the next minutes, this session may do what asks for that.',
        tags,
        body: ConfirmPassword,
        response: { 200: Done },
      },
      config: ofSession,
    },
    async (request) => {
      const { principal, body, ip } = request;
      const { sessionId } = sessionOf(principal);
      idempotencyKey(request);
      await signIns.checkPassword(principal.accountId, body.password, ip);
      return mutate(request, async (tx) => {
        await recordProof(tx, sessionId);
        return { message: 'Confirmed.' };
      });
    },
  );
}

function registrationRoutes(api: Api, { accounts, mail }: AccountContext): void {
  api.post(
    '/auth/invitation',
    {
      schema: {
        operationId: 'showInvitation',
        summary: 'Show an invitation',
        description:
          'Shows what an invitation is to, for who has its code, also without an account. It is accepted by ' +
          '`POST /user/invitations/accept`, or sent along with `POST /auth/register`.',
        tags,
        body: ShowInvitation,
        response: { 200: InvitationShown },
      },
      config: usesLink,
    },
    async (request) => {
      const { team, role, email } = await accounts.showInvitation(request.body.code, askingOf(request));
      return { team_name: team, role, email };
    },
  );
  api.post(
    '/auth/register',
    {
      schema: {
        operationId: 'register',
        summary: 'Register',
        description:
          'Creates an account, where anybody may register or with an invitation to a team, and sends a link to its address, which must ' +
          'be opened first, unless the invitation was sent there. The answer is the same if the address has an account already.',
        tags,
        body: Register,
        response: { 200: Done },
      },
      config: { ...forAnybody, errors: [...forAnybody.errors, 'not_available', 'link_invalid'] },
    },
    async (request) => {
      await accounts.register(request.body, askingOf(request));
      return {
        message: mail.mailEnabled
          ? 'Open the link that is sent to this address. After an invitation by e-mail, sign in at once.'
          : 'This install sends no e-mail: ask its operator for a link, which confirms your address.',
      };
    },
  );
  api.post(
    '/auth/password-reset',
    {
      schema: {
        operationId: 'requestPasswordReset',
        summary: 'Ask for a new password',
        description:
          'Sends a link to set a new password, if the address has an account. The answer is the same if it has none.',
        tags,
        body: RequestPassword,
        response: { 200: Done },
      },
      config: forAnybody,
    },
    async (request) => {
      await accounts.requestPassword(request.body.email, askingOf(request));
      return { message: 'If there is an account with this address, a link was sent to it.' };
    },
  );
}

function linkRoutes(api: Api, { accounts }: AccountContext): void {
  api.post(
    '/auth/password',
    {
      schema: {
        operationId: 'setPassword',
        summary: 'Set a password by link',
        description: 'Sets the password of the account that the link is for, and ends all of its sessions.',
        tags,
        body: SetPassword,
        response: { 200: Done },
      },
      config: usesLink,
    },
    async (request) => {
      const { secret, password } = request.body;
      await accounts.setPasswordByLink(secret, password, askingOf(request));
      return { message: 'The password is set. Sign in with it.' };
    },
  );
  api.post(
    '/auth/email',
    {
      schema: {
        operationId: 'confirmEmail',
        summary: 'Confirm an e-mail address by link',
        description: 'Makes the address that the link was sent to that of the account.',
        tags,
        body: ConfirmEmail,
        response: { 200: Done },
      },
      config: usesLink,
    },
    async (request) => {
      await accounts.confirmEmail(request.body.secret, askingOf(request));
      return { message: 'The address is confirmed.' };
    },
  );
}
