import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { sessionOf } from '../../http/principal.ts';
import { Obj, PathId } from '../../http/schema.ts';
import { notFound } from '../../lib/errors.ts';
import { UUID } from '../../lib/ids.ts';
import { assertRecentProof } from '../sessions/recent-proof.ts';
import { LIMITS } from './attempts.ts';
import { type AccountContext, answerSignIn, clientOf, forAnybody, ofSession, siteOf } from './context.ts';
import {
  AddPasskey,
  Done,
  PasskeyAdded,
  PasskeyCreation,
  PasskeyList,
  PasskeyRequest,
  SignInResult,
  UsePasskey,
} from './schema.ts';
import { mustFindAccount } from './store.ts';

const account = ['Account'];
const signIn = ['Sign-in'];
const ASKS = 'Asks for a recent proof.';
const signsIn = {
  ...forAnybody,
  errors: [...forAnybody.errors, 'sign_in_failed', 'not_available'],
} as const;

/** Routes for passkeys. */
export function passkeyRoutes(api: Api, context: AccountContext): void {
  signInRoutes(api, context);
  confirmRoutes(api, context);
  addRoutes(api, context);
  ownRoutes(api, context);
}

function signInRoutes(api: Api, { config, attempts, passkeys, signIns }: AccountContext): void {
  api.post(
    '/auth/passkey/options',
    {
      schema: {
        operationId: 'beginPasskeySignIn',
        summary: 'Begin to sign in by passkey',
        description: 'What `navigator.credentials.get()` needs. It is the same for everybody.',
        tags: signIn,
        response: { 200: PasskeyRequest },
      },
      config: signsIn,
    },
    async (request) => {
      await attempts.takeFrom(LIMITS.passkeyFromAddress, request.ip);
      return passkeys.beginToSignIn(siteOf(config, request));
    },
  );
  api.post(
    '/auth/passkey',
    {
      schema: {
        operationId: 'signInWithPasskey',
        summary: 'Sign in by passkey',
        description: 'Begins a session. A passkey needs no code besides.',
        tags: signIn,
        body: UsePasskey,
        response: { 200: SignInResult },
      },
      config: signsIn,
    },
    async (request, reply) => {
      const client = clientOf(config, request);
      const result = await signIns.audited('passkey', client, {}, () =>
        passkeys.signIn(request.body, siteOf(config, request), (tx, accountId) =>
          signIns.proceed(tx, accountId, 'passkey', client),
        ),
      );
      return answerSignIn(config, request, reply, result);
    },
  );
}

function confirmRoutes(api: Api, { config, passkeys }: AccountContext): void {
  api.post(
    '/auth/confirm/passkey/options',
    {
      schema: {
        operationId: 'beginPasskeyConfirmation',
        summary: 'Begin to confirm by passkey',
        description: 'What `navigator.credentials.get()` needs for a passkey of this account.',
        tags: signIn,
        response: { 200: PasskeyRequest },
      },
      config: ofSession,
    },
    (request) =>
      mutate(request, (tx) => {
        const { principal } = request;
        const { sessionId } = sessionOf(principal);
        return passkeys.beginToConfirm(tx, principal.accountId, sessionId, siteOf(config, request));
      }),
  );
  api.post(
    '/auth/confirm/passkey',
    {
      schema: {
        operationId: 'confirmPasskey',
        summary: 'Give a passkey again',
        description: 'For the next minutes, this session may do what asks for that.',
        tags: signIn,
        body: UsePasskey,
        response: { 200: Done },
      },
      config: ofSession,
    },
    (request) =>
      mutate(request, async (tx) => {
        const { principal, body } = request;
        const { sessionId } = sessionOf(principal);
        await passkeys.confirm(tx, { ...principal, sessionId }, body, siteOf(config, request));
        return { message: 'Confirmed.' };
      }),
  );
}

function addRoutes(api: Api, { config, accounts, passkeys }: AccountContext): void {
  api.post(
    '/user/passkeys/options',
    {
      schema: {
        operationId: 'beginPasskey',
        summary: 'Begin to add a passkey',
        description: `What \`navigator.credentials.create()\` needs. ${ASKS}`,
        tags: account,
        response: { 200: PasskeyCreation },
      },
      config: ofSession,
    },
    (request) => {
      const { principal } = request;
      assertRecentProof(principal);
      return mutate(request, async (tx) => {
        const holder = await mustFindAccount(tx, principal.accountId);
        return passkeys.beginToAdd(tx, holder, sessionOf(principal).sessionId, siteOf(config, request));
      });
    },
  );
  api.post(
    '/user/passkeys/add',
    {
      schema: {
        operationId: 'addPasskey',
        summary: 'Add a passkey',
        description: `Adds what the browser has made. ${ASKS}`,
        tags: account,
        body: AddPasskey,
        response: { 200: PasskeyAdded },
      },
      config: ofSession,
    },
    (request) => {
      const { principal, body } = request;
      assertRecentProof(principal);
      return mutate(request, async (tx) => {
        const { sessionId } = sessionOf(principal);
        const site = siteOf(config, request);
        const passkey = await passkeys.add(tx, { ...principal, sessionId }, body, site);
        await accounts.tellOfCredential(tx, principal.accountId, 'A passkey was added');
        return { message: 'Passkey added.', passkey: shown(passkey) };
      });
    },
  );
}

function ownRoutes(api: Api, { accounts, passkeys }: AccountContext): void {
  api.get(
    '/user/passkeys',
    {
      schema: {
        operationId: 'listPasskeys',
        summary: 'List passkeys',
        description: 'Lists the passkeys of the account, oldest first.',
        tags: account,
        response: { 200: PasskeyList },
      },
      config: ofSession,
    },
    async ({ principal }) => ({ data: (await passkeys.list(principal.accountId)).map(shown) }),
  );
  api.delete(
    '/user/passkeys/:passkey',
    {
      schema: {
        operationId: 'deletePasskey',
        summary: 'Delete a passkey',
        description: `It cannot sign in any more. ${ASKS}`,
        tags: account,
        params: Obj({ passkey: PathId('uuid', 'Id of the passkey.') }),
        response: { 200: Done },
      },
      config: ofSession,
    },
    (request) => {
      const { principal, params } = request;
      assertRecentProof(principal);
      return mutate(request, async (tx) => {
        if (!UUID.test(params.passkey)) throw notFound('Passkey');
        await passkeys.delete(tx, principal.accountId, params.passkey);
        await accounts.tellOfCredential(tx, principal.accountId, 'A passkey was deleted');
        return { message: 'Passkey deleted.' };
      });
    },
  );
}

const shown = ({
  created_at,
  last_used_at,
  ...passkey
}: {
  id: string;
  name: string;
  created_at: Date;
  last_used_at: Date | null;
}) => ({
  ...passkey,
  created_at: created_at.toISOString(),
  last_used_at: last_used_at?.toISOString() ?? null,
});
