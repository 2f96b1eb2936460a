import type { FastifyReply } from 'fastify';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { AppError } from '../lib/errors.ts';

/** Requests per minute, hour and day. */
export type Limits = readonly [minute: number, hour: number, day: number];

/** Limits by account tier; an enterprise account's own figures are in `users.rate_limits`, these are for one without. */
export const TIER_LIMITS: Record<string, Limits> = {
  free: [60, 1_000, 10_000],
  starter: [120, 3_000, 50_000],
  pro: [300, 10_000, 200_000],
  enterprise: [1_000_000, 60_000_000, 1_440_000_000],
};

/** For one client address: requests without a token, or with one that is not valid. */
export const ADDRESS_LIMITS: Limits = [300, 6_000, 50_000];

const WINDOW_SECONDS = [60, 3_600, 86_400] as const;

interface WindowState {
  limit: number;
  remaining: number;
  /** Until the window ends. */
  msLeft: number;
}

/** Counts requests in three windows at once. The state is this process's own. */
export class RateLimits {
  readonly #windows = WINDOW_SECONDS.map(
    (duration) => new RateLimiterMemory({ duration, points: Number.MAX_SAFE_INTEGER }),
  );

  /**
   * Counts one request, sets the headers, and throws `rate_limited` once a window is used up. A refused request
   * does not count towards the longer windows.
   */
  async consume(key: string, limits: Limits, reply: FastifyReply): Promise<void> {
    let tightest: WindowState | null = null;
    for (const [index, window] of this.#windows.entries()) {
      const result = await window.penalty(key);
      const left = limits[index]! - result.consumedPoints;
      const state = { limit: limits[index]!, remaining: Math.max(left, 0), msLeft: result.msBeforeNext };
      if (left < 0) {
        setHeaders(reply, state);
        throw refusal(reply, state);
      }
      if (!tightest || state.remaining < tightest.remaining) tightest = state;
    }
    setHeaders(reply, tightest!);
  }

  /** Sets the headers without counting the request. */
  async show(key: string, limits: Limits, reply: FastifyReply): Promise<void> {
    const states = await Promise.all(
      this.#windows.map(async (window, index): Promise<WindowState> => {
        const result = await window.get(key);
        return {
          limit: limits[index]!,
          remaining: Math.max(limits[index]! - (result?.consumedPoints ?? 0), 0),
          msLeft: result?.msBeforeNext ?? WINDOW_SECONDS[index]! * 1000,
        };
      }),
    );
    setHeaders(
      reply,
      states.reduce((a, b) => (b.remaining < a.remaining ? b : a)),
    );
  }
}

function setHeaders(reply: FastifyReply, state: WindowState): void {
  reply.header('x-ratelimit-limit', state.limit);
  reply.header('x-ratelimit-remaining', state.remaining);
  reply.header('x-ratelimit-reset', Math.ceil((Date.now() + state.msLeft) / 1000));
}

function refusal(reply: FastifyReply, state: WindowState): AppError {
  const seconds = Math.max(1, Math.ceil(state.msLeft / 1000));
  reply.header('retry-after', seconds);
  return new AppError('rate_limited', `Too many requests. Try again in ${seconds} seconds.`, {
    extra: { retry_after: seconds },
  });
}

/** The key that an address counts under: one customer usually has a whole IPv6 /64. */
export function addressKey(ip: string): string {
  if (!ip.includes(':') || ip.startsWith('::ffff:')) return `ip:${ip.replace('::ffff:', '')}`;
  const [head = '', tail = ''] = ip.split('::', 2);
  const left = head ? head.split(':') : [];
  const right = tail ? tail.split(':') : [];
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return `ip:${[...left, ...zeros, ...right].slice(0, 4).join(':')}`;
}
