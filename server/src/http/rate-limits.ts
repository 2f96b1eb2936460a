import type { FastifyReply } from 'fastify';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { AppError } from '../lib/errors.ts';
import type { SharedCounts, Total } from './shared-counts.ts';

/** Requests per minute, hour and day. */
export type Limits = readonly [minute: number, hour: number, day: number];

/** Limits by account tier; `users.rate_limits` overrides them for one account. */
export const TIER_LIMITS: Record<string, Limits> = {
  free: [60, 1_000, 10_000],
  starter: [120, 3_000, 50_000],
  pro: [300, 10_000, 200_000],
  enterprise: [1_000_000, 60_000_000, 1_440_000_000],
};

/** Limits of a client address, for requests without a valid token. */
export const ADDRESS_LIMITS: Limits = [300, 6_000, 50_000];

const WINDOW_SECONDS = [60, 3_600, 86_400] as const;

interface WindowState {
  limit: number;
  remaining: number;
  /** Milliseconds until the window ends. */
  msLeft: number;
}

/** After this many addresses in a day, coarser keys are used, which bounds the memory during an attack. */
const MAX_ADDRESSES = 50_000;
const DAY_MS = 86_400_000;

/** Counts requests in three windows at once, and with `shared` those of other processes, too. */
export class RateLimits {
  readonly #shared: SharedCounts | null;
  readonly #windows = WINDOW_SECONDS.map(
    (duration) => new RateLimiterMemory({ duration, points: Number.MAX_SAFE_INTEGER }),
  );

  #addresses = { count: 0, until: 0 };

  constructor(shared: SharedCounts | null = null) {
    this.#shared = shared;
  }

  /** Counts a request without a valid token by its address; see {@link consume}. */
  async consumeAddress(ip: string, reply: FastifyReply): Promise<void> {
    if (Date.now() > this.#addresses.until) this.#addresses = { count: 0, until: Date.now() + DAY_MS };
    const key = addressKey(ip, this.#addresses.count > MAX_ADDRESSES);
    if ((await this.#windows[2]!.get(key)) === null) this.#addresses.count++;
    await this.consume(key, ADDRESS_LIMITS, reply);
  }

  /** Sets the rate limit headers for an address without counting the request. */
  async showAddress(ip: string, reply: FastifyReply): Promise<void> {
    const key = addressKey(ip, this.#addresses.count > MAX_ADDRESSES);
    const states = await Promise.all(
      this.#windows.map(async (window, index): Promise<WindowState> => {
        const result = await window.get(key);
        return {
          limit: ADDRESS_LIMITS[index]!,
          remaining: Math.max(ADDRESS_LIMITS[index]! - (result?.consumedPoints ?? 0), 0),
          msLeft: result?.msBeforeNext ?? WINDOW_SECONDS[index]! * 1000,
        };
      }),
    );
    setHeaders(
      reply,
      states.reduce((a, b) => (b.remaining < a.remaining ? b : a)),
    );
  }

  /**
   * Counts one request, sets the rate limit headers, and throws `rate_limited` when a window is used up. A rejected
   * request does not count in the longer windows.
   */
  async consume(key: string, limits: Limits, reply: FastifyReply): Promise<void> {
    let tightest: WindowState | null = null;
    for (const [index, window] of this.#windows.entries()) {
      const result = await window.penalty(key);
      const left = limits[index]! - result.consumedPoints;
      const state = { limit: limits[index]!, remaining: Math.max(left, 0), msLeft: result.msBeforeNext };
      if (left < 0) {
        setHeaders(reply, state);
        throw refusal(state);
      }
      const counted = { key, window: index, limit: limits[index]!, msLeft: state.msLeft };
      this.#shared?.count(counted, (total) => this.#learn(total));
      if (!tightest || state.remaining < tightest.remaining) tightest = state;
    }
    setHeaders(reply, tightest!);
  }

  #learn({ key, window, requests, msLeft }: Total): void {
    void this.#windows[window]!.set(key, requests, msLeft / 1000);
  }
}

function setHeaders(reply: FastifyReply, state: WindowState): void {
  reply.header('x-ratelimit-limit', state.limit);
  reply.header('x-ratelimit-remaining', state.remaining);
  reply.header('x-ratelimit-reset', Math.ceil((Date.now() + state.msLeft) / 1000));
}

function refusal(state: WindowState): AppError {
  const seconds = Math.max(1, Math.ceil(state.msLeft / 1000));
  return new AppError('rate_limited', `Too many requests. Try again in ${seconds} seconds.`, {
    extra: { retry_after: seconds },
  });
}

/**
 * The key that an address is counted by. A customer usually has a whole IPv6 /64, so that is one key. Coarse keys are
 * IPv6 /32 and IPv4 /16 networks.
 */
export function addressKey(ip: string, coarse = false): string {
  const ipv4 = ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice(7) : ip;
  if (!ipv4.includes(':')) return `ip:${coarse ? ipv4.split('.').slice(0, 2).join('.') : ipv4}`;
  const [head = '', tail = ''] = ipv4.split('::', 2);
  const left = head ? head.split(':') : [];
  const right = tail ? tail.split(':') : [];
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return `ip:${[...left, ...zeros, ...right].slice(0, coarse ? 2 : 4).join(':')}`;
}
