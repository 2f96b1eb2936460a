import type { FastifyRequest, RouteOptions } from 'fastify';
import { AppError } from '../lib/errors.ts';
import { FairQueue, NoSlot } from '../lib/fair-queue.ts';
import type { Principal } from './principal.ts';
import { addressKey } from './rate-limits.ts';

/** How many requests are at work at once, in this process. Each takes one or two connections of the database pool. */
const AT_WORK = 16;
/** How many of these may be of one team, and how many while other teams send requests. */
const PER_TEAM = 4;
const PER_TEAM_AMONG_OTHERS = 1;
/** How many requests of people who sign in are at work at once, half of them from one address. */
const STRANGERS = 4;
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
 * their own, because it may take its time, and so have those of people who sign in, since anybody can send them.
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
  const strangers = new FairQueue({ ...options, slots: STRANGERS, perKey: STRANGERS / 2 });
  return (route) => {
    const { handler, onRequest = [] } = route;
    const turns = route.config?.public ? strangers : route.config?.asksInstance ? slow : usual;
    // What finds no place to wait is refused before its body is read.
    const refuseFull = (request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void => {
      const isFull = turns.isFull(keyOf(request));
      done(isFull ? refusalOf(new NoSlot('full')) : undefined);
    };
    route.onRequest = [onRequest, refuseFull].flat();
    route.handler = async function admitted(this: unknown, request, reply) {
      const enter = () =>
        turns.enter(keyOf(request)).catch((error: unknown) => {
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

/** Whose turn it is: the team's, the account's, or that of an address that nobody has signed in from. */
function keyOf(request: FastifyRequest): string {
  const principal = request.principal as Principal | undefined;
  if (!principal) return addressKey(request.ip);
  return principal.team ? `team:${principal.team.id}` : `account:${principal.accountId}`;
}

function refusalOf({ reason }: NoSlot): AppError {
  const extra = { retry_after: RETRY_AFTER };
  return reason === 'full'
    ? new AppError('rate_limited', 'Too many requests at once. Send fewer at a time.', { extra })
    : new AppError('unavailable', 'The request has waited too long for its turn. Try again shortly.', {
        extra: { ...extra, reason: 'busy' },
      });
}
