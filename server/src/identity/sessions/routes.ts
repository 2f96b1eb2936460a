import type { Config } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { setCookie } from '../../http/cookies.ts';
import { mutate } from '../../http/mutation.ts';
import { sessionOf } from '../../http/principal.ts';
import { Obj, PathId } from '../../http/schema.ts';
import { notFound } from '../../lib/errors.ts';
import { UUID } from '../../lib/ids.ts';
import { PROOF_MINUTES } from './recent-proof.ts';
import { CurrentSession, SessionEnded, SessionList, SessionsEnded, SignedOut } from './schema.ts';
import { endSession, endSessions, listSessions } from './store.ts';

const tags = ['Sign-in'];
const ofSession = { scope: null, team: 'none', session: true } as const;

/** Routes for the sessions of the account. */
export function sessionRoutes(api: Api, config: Config, database: Database): void {
  currentRoutes(api, config);
  listRoute(api, database);
  endRoutes(api);
}

function currentRoutes(api: Api, config: Config): void {
  api.get(
    '/auth/session',
    {
      schema: {
        operationId: 'getSession',
        summary: 'Show this session',
        description: 'Shows the session that the request is made in.',
        tags,
        response: { 200: CurrentSession },
      },
      config: ofSession,
    },
    async ({ principal }) => {
      const { sessionId, provedAt } = sessionOf(principal);
      return {
        session_id: sessionId,
        account_id: principal.accountId,
        proved_at: new Date(provedAt).toISOString(),
        proof_expires_at: new Date(provedAt + PROOF_MINUTES * 60_000).toISOString(),
      };
    },
  );
  api.post(
    '/auth/sign-out',
    {
      schema: {
        operationId: 'signOut',
        summary: 'Sign out',
        description: 'Ends the session that the request is made in.',
        tags,
        response: { 200: SignedOut },
      },
      config: { ...ofSession, setsCookie: true },
    },
    async (request, reply) => {
      const { principal } = request;
      const answer = await mutate(request, async (tx) => {
        await endSession(tx, principal.accountId, sessionOf(principal).sessionId);
        return { message: 'Signed out.' };
      });
      setCookie(config, request, reply, 'session', { value: '', seconds: 0 });
      return answer;
    },
  );
}

function listRoute(api: Api, database: Database): void {
  api.get(
    '/user/sessions',
    {
      schema: {
        operationId: 'listSessions',
        summary: 'List sessions',
        description: 'Lists where the account is signed in, newest first.',
        tags,
        response: { 200: SessionList },
      },
      config: ofSession,
    },
    async ({ principal }) => {
      const { sessionId } = sessionOf(principal);
      const sessions = await listSessions(database.db, principal.accountId);
      return {
        data: sessions.map(({ created_at, expires_at, last_used_at, ...session }) => ({
          ...session,
          method: session.method as 'password' | 'passkey' | 'provider',
          current: session.id === sessionId,
          created_at: created_at.toISOString(),
          expires_at: expires_at.toISOString(),
          last_used_at: last_used_at.toISOString(),
        })),
      };
    },
  );
}

function endRoutes(api: Api): void {
  api.delete(
    '/user/sessions/:session',
    {
      schema: {
        operationId: 'endSession',
        summary: 'End a session',
        description: 'Signs the account out there. Streams of that session end as well.',
        tags,
        params: Obj({ session: PathId('uuid', 'Id of the session.') }),
        response: { 200: SessionEnded },
      },
      config: ofSession,
    },
    (request) =>
      mutate(request, async (tx) => {
        const { session } = request.params;
        if (!UUID.test(session) || !(await endSession(tx, request.principal.accountId, session)))
          throw notFound('Session');
        return { message: 'Session ended.' };
      }),
  );
  api.delete(
    '/user/sessions',
    {
      schema: {
        operationId: 'endOtherSessions',
        summary: 'End all other sessions',
        description: 'Signs the account out everywhere else.',
        tags,
        response: { 200: SessionsEnded },
      },
      config: ofSession,
    },
    (request) =>
      mutate(request, async (tx) => {
        const { principal } = request;
        const count = await endSessions(tx, principal.accountId, sessionOf(principal).sessionId);
        return { message: `${count} ${count === 1 ? 'session' : 'sessions'} ended.`, count };
      }),
  );
}
