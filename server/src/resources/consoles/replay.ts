/** Bytes that may be on the way to a client, until the guest has to wait. */
export const WINDOW = 256 * 1024;
/** Bytes that are kept although the client has them, for a page that is loaded anew. */
const KEPT = 64 * 1024;

/**
 * The last output of a terminal. A position is the number of bytes since its beginning. What the client has not said to
 * have is always kept, so that nothing is missing after a lost connection.
 */
export class Replay {
  #chunks: Buffer[] = [];
  #start = 0;
  #end = 0;
  #received = 0;

  /** Bytes that the client has not said to have. */
  get unseen(): number {
    return this.#end - this.#received;
  }

  append(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#end += chunk.length;
    this.#trim();
  }

  /** The client has everything before this position; false where there is no such position. */
  receive(position: number): boolean {
    if (position > this.#end) return false;
    this.#received = Math.max(this.#received, position);
    this.#trim();
    return true;
  }

  /** The output from this position on, or from where it is still kept. */
  since(position: number): { position: number; chunks: Buffer[] } {
    const from = Math.min(Math.max(position, this.#start), this.#end);
    const chunks: Buffer[] = [];
    let at = this.#start;
    for (const chunk of this.#chunks) {
      const skip = Math.max(from - at, 0);
      if (skip < chunk.length) chunks.push(chunk.subarray(skip));
      at += chunk.length;
    }
    return { position: from, chunks };
  }

  #trim(): void {
    let first = this.#chunks[0];
    while (first) {
      const next = this.#start + first.length;
      if (next > this.#received || this.#end - next < KEPT) return;
      this.#chunks.shift();
      this.#start = next;
      first = this.#chunks[0];
    }
  }
}
