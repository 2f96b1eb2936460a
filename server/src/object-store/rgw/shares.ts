import { addressKey } from '../../http/rate-limits.ts';

/**
 * Something of which there is only so much, shared between clients by their addresses; an IPv6 /64 counts as one. A client may
 * have as much as is free: one alone gets half of it, and however many ask for all, something is left for the next.
 */
export class Shares {
  readonly #limit: number;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes one. Returns what gives it back; null: the client has its share. */
  take(address: string): (() => void) | null {
    const client = addressKey(address);
    const taken = this.#taken.get(client) ?? 0;
    if (taken >= this.#limit - this.#total) return null;
    this.#total += 1;
    this.#taken.set(client, taken + 1);
    return () => {
      this.#total -= 1;
      const left = this.#taken.get(client)! - 1;
      if (left === 0) this.#taken.delete(client);
      else this.#taken.set(client, left);
    };
  }
}
