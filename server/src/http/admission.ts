import type { FastifyRequest, RouteOptions } from 'fastify';
import { AppError } from '../lib/errors.ts';
import { FairQueue, NoSlot } from '../lib/fair-queue.ts';
import type { PrivateRequest } from './api.ts';
import type { Principal } from './principal.ts';

/** How many requests are at work at once, in this process. Each takes one or two connections of the database pool. */
const AT_WORK = 16;
/** How many of these may be of one team, and how many while other teams send requests. */
const PER_TEAM = 4;
const PER_TEAM_AMONG_OTHERS = 1;
/** How many further requests of one team may wait, and for how long. */
const WAITING = 200;
const PATIENCE_MS = 10_000;
/** Seconds after which a client may try again. */
const RETRY_AFTER = 1;

/** Makes the requests of a route wait for their turn. Call it once the gate is among the hooks. */
export type Admission = (route: RouteOptions) => void;

/**
 * Bounds the requests that are at work at once, and gives teams their turns: however many requests of one team wait,
 * those of others do not wait behind them. A request has its turn when it is authenticated, complete and valid, so that
 * no slow client keeps others waiting; from then on it may use the database. Requests that ask an instance have turns of
 * their own, because it may take its time.
 */
export function createAdmission(): Admission {
  const options = {
    slots: AT_WORK,
    perKey: PER_TEAM,
    perKeyAmongOthers: PER_TEAM_AMONG_OTHERS,
    maxWaiting: WAITING,
    patienceMs: PATIENCE_MS,
  };
  const usual = new FairQueue(options);
  const slow = new FairQueue(options);
  return (route) => {
    const { handler, onRequest = [] } = route;
    const turns = route.config?.asksInstance ? slow : usual;
    // What finds no place to wait is refused before its body is read.
    const refuseFull = (request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void => {
      const isFull = turns.isFull(keyOf((request as PrivateRequest).principal));
      done(isFull ? refusalOf(new NoSlot('full')) : undefined);
    };
    route.onRequest = [onRequest, refuseFull].flat();
    route.handler = async function admitted(this: unknown, request, reply) {
      const enter = () =>
        turns.enter(keyOf((request as PrivateRequest).principal)).catch((error: unknown) => {
          throw error instanceof NoSlot ? refusalOf(error) : error;
        });
      let release = await enter();
      request.leaveTurn = async (until) => {
        release();
        await until();
        release = await enter();
      };
      try {
        if (request.socket.destroyed) throw new AppError('bad_request', 'The connection has ended.');
        return await handler.call(this as never, request, reply);
      } finally {
        release();
      }
    };
  };
}

const keyOf = ({ team, accountId }: Principal): string => (team ? `team:${team.id}` : `account:${accountId}`);

function refusalOf({ reason }: NoSlot): AppError {
  const extra = { retry_after: RETRY_AFTER };
  return reason === 'full'
    ? new AppError('rate_limited', 'Too many requests of this team at once. Send fewer at a time.', { extra })
    : new AppError('unavailable', 'The request has waited too long for its turn. Try again shortly.', {
        extra: { ...extra, reason: 'busy' },
      });
}
