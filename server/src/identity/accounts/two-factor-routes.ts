import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { assertRecentProof } from '../sessions/recent-proof.ts';
import { type AccountContext, ofSession } from './context.ts';
import { ConfirmTwoFactor, Done, RecoveryCodes, TwoFactorBegun, TwoFactorState } from './schema.ts';
import { mustFindAccount } from './store.ts';

const tags = ['Account'];
const ASKS = 'Asks for a recent proof.';
/** Answers hold a secret that is shown once. */
const SECRET = { holdsSecret: true };

/** Routes for codes of an authenticator app. */
export function twoFactorRoutes(api: Api, context: AccountContext): void {
  beginRoutes(api, context);
  changeRoutes(api, context);
}

function beginRoutes(api: Api, { accounts, twoFactor }: AccountContext): void {
  api.get(
    '/user/two-factor',
    {
      schema: {
        operationId: 'getTwoFactor',
        summary: 'Show whether codes are asked for',
        description: 'Shows whether signing in by password or provider asks for a code, too.',
        tags,
        response: { 200: TwoFactorState },
      },
      config: ofSession,
    },
    ({ principal }) => twoFactor.show(principal.accountId),
  );
  api.post(
    '/user/two-factor',
    {
      schema: {
        operationId: 'beginTwoFactor',
        summary: 'Add an authenticator app',
        description: `Makes a key for an authenticator app. It counts once a code of it was confirmed. ${ASKS}`,
        tags,
        response: { 200: TwoFactorBegun },
      },
      config: ofSession,
    },
    (request) => {
      assertRecentProof(request.principal);
      return mutate(
        request,
        async (tx) => twoFactor.begin(tx, await mustFindAccount(tx, request.principal.accountId)),
        SECRET,
      );
    },
  );
  api.post(
    '/user/two-factor/confirm',
    {
      schema: {
        operationId: 'confirmTwoFactor',
        summary: 'Confirm the authenticator app',
        description: `Asks for codes from now on. The recovery codes are shown only in this answer. ${ASKS}`,
        tags,
        body: ConfirmTwoFactor,
        response: { 200: RecoveryCodes },
      },
      config: ofSession,
    },
    (request) => {
      const { principal, body } = request;
      assertRecentProof(principal);
      return mutate(
        request,
        async (tx) => {
          const recovery_codes = await twoFactor.confirm(tx, principal.accountId, body.code);
          await accounts.tellOfCredential(tx, principal.accountId, 'Codes of an app are asked for');
          return {
            message: 'Codes are asked for from now on. Keep the recovery codes: they are shown only now.',
            recovery_codes,
          };
        },
        SECRET,
      );
    },
  );
}

function changeRoutes(api: Api, { accounts, twoFactor }: AccountContext): void {
  api.delete(
    '/user/two-factor',
    {
      schema: {
        operationId: 'disableTwoFactor',
        summary: 'Ask for no codes',
        description: `Forgets the authenticator app and the recovery codes. ${ASKS}`,
        tags,
        response: { 200: Done },
      },
      config: ofSession,
    },
    (request) => {
      const { principal } = request;
      assertRecentProof(principal);
      return mutate(request, async (tx) => {
        await twoFactor.disable(tx, principal.accountId);
        await accounts.tellOfCredential(tx, principal.accountId, 'Codes of an app are no longer asked for');
        return { message: 'Codes are not asked for any more.' };
      });
    },
  );
  api.post(
    '/user/two-factor/recovery-codes',
    {
      schema: {
        operationId: 'renewRecoveryCodes',
        summary: 'Make new recovery codes',
        description: `Replaces all recovery codes. They are shown only in this answer. ${ASKS}`,
        tags,
        response: { 200: RecoveryCodes },
      },
      config: ofSession,
    },
    (request) => {
      const { principal } = request;
      assertRecentProof(principal);
      return mutate(
        request,
        async (tx) => {
          await twoFactor.assertEnabled(tx, principal.accountId);
          const recovery_codes = await twoFactor.renewRecoveryCodes(tx, principal.accountId);
          await accounts.tellOfCredential(tx, principal.accountId, 'New recovery codes were made');
          return { message: 'The former recovery codes do not work any more.', recovery_codes };
        },
        SECRET,
      );
    },
  );
}
