import type { Api } from '../../http/api.ts';
import { setCookie } from '../../http/cookies.ts';
import { idempotencyKey, mutate } from '../../http/mutation.ts';
import { sessionOf } from '../../http/principal.ts';
import { assertRecentProof } from '../sessions/recent-proof.ts';
import { LIMITS } from './attempts.ts';
import { type AccountContext, ofSession } from './context.ts';
import { deleteAccount } from './deletion.ts';
import { ChangeEmail, ChangePassword, Done } from './schema.ts';

const tags = ['Account'];
const ASKS = 'Asks for a recent proof.';

/** Routes for the password and the address of an account, and for its deletion. */
export function profileRoutes(api: Api, context: AccountContext): void {
  passwordRoute(api, context);
  emailRoute(api, context);
  deletionRoute(api, context);
}

function passwordRoute(api: Api, { accounts }: AccountContext): void {
  api.put(
    '/user/password',
    {
      schema: {
        operationId: 'changePassword',
        summary: 'Change the password',
        description: `Sets another password, and ends all other sessions. ${ASKS}`,
        tags,
        body: ChangePassword,
        response: { 200: Done },
      },
      config: ofSession,
    },
    async (request) => {
      const { principal, body, ip } = request;
      assertRecentProof(principal);
      const { sessionId } = sessionOf(principal);
      const prepared = await accounts.preparePassword(body.password, ip);
      return mutate(request, async (tx) => {
        await accounts.changePassword(tx, principal.accountId, sessionId, prepared);
        return { message: 'The password was changed. All other sessions have ended.' };
      });
    },
  );
}

function emailRoute(api: Api, { accounts, attempts }: AccountContext): void {
  api.put(
    '/user/email',
    {
      schema: {
        operationId: 'changeEmail',
        summary: 'Change the e-mail address',
        description: `Sends a link to the new address; until it is opened, the account has the present one. ${ASKS}`,
        tags,
        body: ChangeEmail,
        response: { 200: Done },
      },
      config: ofSession,
    },
    async (request) => {
      const { principal, body } = request;
      assertRecentProof(principal);
      idempotencyKey(request);
      await attempts.take(LIMITS.mailToAddress, body.email);
      return mutate(request, async (tx) => {
        await accounts.changeEmail(tx, principal.accountId, body.email);
        return { message: 'A link was sent to this address. Open it to confirm that the address is yours.' };
      });
    },
  );
}

function deletionRoute(api: Api, { config }: AccountContext): void {
  api.delete(
    '/user',
    {
      schema: {
        operationId: 'deleteAccount',
        summary: 'Delete the account',
        description:
          'Deletes the account with all of its tokens. Not while a team would lose its only owner, or resources would ' +
          `have no owner. ${ASKS}`,
        tags,
        response: { 200: Done },
      },
      config: { ...ofSession, setsCookie: true },
    },
    async (request, reply) => {
      assertRecentProof(request.principal);
      const answer = await mutate(request, async (tx) => {
        await deleteAccount(tx, request.principal.accountId);
        return { message: 'The account was deleted.' };
      });
      setCookie(config, request, reply, 'session', { value: '', seconds: 0 });
      return answer;
    },
  );
}
