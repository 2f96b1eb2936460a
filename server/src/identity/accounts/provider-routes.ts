import type { Api } from '../../http/api.ts';
import { readCookie, setCookie } from '../../http/cookies.ts';
import { idempotencyKey, mutate } from '../../http/mutation.ts';
import { ownOrigin } from '../../http/origin.ts';
import { sessionOf } from '../../http/principal.ts';
import { Obj, PathId } from '../../http/schema.ts';
import { AppError, notFound } from '../../lib/errors.ts';
import { UUID } from '../../lib/ids.ts';
import { assertRecentProof } from '../sessions/recent-proof.ts';
import { LIMITS } from './attempts.ts';
import { type AccountContext, answerSignIn, clientOf, forAnybody, ofSession } from './context.ts';
import type { Provider } from './provider.ts';
import { Done, FinishProvider, IdentityList, ProviderBegun, SignInResult } from './schema.ts';

const account = ['Account'];
const signIn = ['Sign-in'];
/** Seconds that a sign-in at the provider may take. */
const PATIENCE = 600;

/** Routes for signing in by an OpenID Connect provider. */
export function providerRoutes(api: Api, context: AccountContext): void {
  signInRoutes(api, context);
  linkRoutes(api, context);
  ownRoutes(api, context);
}

function providerOf({ provider }: AccountContext): Provider {
  if (provider) return provider;
  throw new AppError(
    'not_available',
    'This install has no OpenID Connect provider. The operator can set one up.',
  );
}

function signInRoutes(api: Api, context: AccountContext): void {
  const { config, attempts, signIns } = context;
  api.post(
    '/auth/provider',
    {
      schema: {
        operationId: 'beginProviderSignIn',
        summary: 'Begin to sign in by provider',
        description:
          'Answers with the address of the provider, which sends the browser back to the page `/sign-in/provider`.',
        tags: signIn,
        response: { 200: ProviderBegun },
      },
      config: { ...forAnybody, errors: [...forAnybody.errors, 'not_available'] },
    },
    async (request, reply) => {
      const provider = providerOf(context);
      await attempts.takeFrom(LIMITS.providerFromAddress, request.ip);
      const { url, secret } = await provider.begin(ownOrigin(config, request));
      setCookie(config, request, reply, 'sign-in', { value: secret, seconds: PATIENCE });
      return { url };
    },
  );
  api.post(
    '/auth/provider/finish',
    {
      schema: {
        operationId: 'finishProviderSignIn',
        summary: 'Finish to sign in by provider',
        description:
          'Takes what the provider has put into the address of the page. Begins a session, or asks for a code first, or adds the ' +
          'provider’s account to the one that began it.',
        tags: signIn,
        body: FinishProvider,
        response: { 200: SignInResult },
      },
      config: { ...forAnybody, errors: [...forAnybody.errors, 'sign_in_failed', 'not_available'] },
    },
    async (request, reply) => {
      const provider = providerOf(context);
      const client = clientOf(config, request);
      const secret = readCookie(config, request, 'sign-in') ?? '';
      setCookie(config, request, reply, 'sign-in', { value: '', seconds: 0 });
      const result = await signIns.audited('provider', client, {}, () =>
        provider.finish(secret, request.body, (tx, accountId) =>
          signIns.proceed(tx, accountId, 'provider', client),
        ),
      );
      return answerSignIn(config, request, reply, result);
    },
  );
}

function linkRoutes(api: Api, context: AccountContext): void {
  const { config } = context;
  api.post(
    '/user/identities/begin',
    {
      schema: {
        operationId: 'beginIdentity',
        summary: 'Begin to add a sign-in by provider',
        description:
          'As `POST /auth/provider`, but whoever signs in there can sign in to this account from then on. Asks for a recent proof.',
        tags: account,
        response: { 200: ProviderBegun },
      },
      config: { ...ofSession, setsCookie: true },
    },
    async (request, reply) => {
      const { principal } = request;
      assertRecentProof(principal);
      const { sessionId } = sessionOf(principal);
      const { accountId } = principal;
      idempotencyKey(request);
      const begun = await providerOf(context).begin(ownOrigin(config, request), { accountId, sessionId });
      const answer = await mutate(request, async () => ({ url: begun.url }));
      setCookie(config, request, reply, 'sign-in', { value: begun.secret, seconds: PATIENCE });
      return answer;
    },
  );
}

function ownRoutes(api: Api, { accounts, database }: AccountContext): void {
  api.get(
    '/user/identities',
    {
      schema: {
        operationId: 'listIdentities',
        summary: 'List sign-ins by provider',
        description: 'Lists who can sign in to the account by a provider.',
        tags: account,
        response: { 200: IdentityList },
      },
      config: ofSession,
    },
    async ({ principal }) => {
      const rows = await database.db
        .selectFrom('identities')
        .select(['id', 'issuer', 'email', 'created_at', 'last_used_at'])
        .where('user_id', '=', principal.accountId)
        .orderBy('created_at')
        .execute();
      return {
        data: rows.map(({ created_at, last_used_at, ...identity }) => ({
          ...identity,
          created_at: created_at.toISOString(),
          last_used_at: last_used_at?.toISOString() ?? null,
        })),
      };
    },
  );
  api.delete(
    '/user/identities/:identity',
    {
      schema: {
        operationId: 'deleteIdentity',
        summary: 'Remove a sign-in by provider',
        description: 'It cannot sign in to the account any more. Asks for a recent proof.',
        tags: account,
        params: Obj({ identity: PathId('uuid', 'Id of the sign-in.') }),
        response: { 200: Done },
      },
      config: ofSession,
    },
    (request) => {
      const { principal, params } = request;
      assertRecentProof(principal);
      return mutate(request, async (tx) => {
        const row = UUID.test(params.identity)
          ? await tx
              .deleteFrom('identities')
              .where('user_id', '=', principal.accountId)
              .where('id', '=', params.identity)
              .returning('id')
              .executeTakeFirst()
          : undefined;
        if (!row) throw notFound('Sign-in');
        await accounts.tellOfCredential(tx, principal.accountId, 'A sign-in by provider was removed');
        return { message: 'It was removed.' };
      });
    },
  );
}
