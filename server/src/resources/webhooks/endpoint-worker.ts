import type { Database } from '../../db/database.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import type { Log } from '../../lib/log.ts';
import type { Lookup } from '../../lib/lookup.ts';
import { pauseAfter } from '../../lib/retries.ts';
import { type Attempt, type Delivery, type Endpoint, settleAndClaim } from './queue.ts';
import { createSender, type Outcome, type Sender } from './sender.ts';
import { sign } from './signature.ts';
import type { TargetPolicy } from './targets.ts';

/** What it takes to send deliveries. */
export interface DeliveryDependencies {
  database: Database;
  secrets: SecretBox;
  log: Log;
  lookup: Lookup;
  policy: TargetPolicy;
}

/** Grace period for attempts under way at shutdown, in milliseconds. */
const CLOSING_MS = 2_000;

/** Attempts at once to an endpoint that works; to one that fails, a single one. */
const AT_ONCE = 32;

/** Sends what one endpoint has to get, until nothing is due. */
export class EndpointWorker {
  readonly #id: string;
  readonly #dependencies: DeliveryDependencies;
  readonly #sender: Sender;
  readonly #sending = new Set<Promise<void>>();
  readonly #attempts: Attempt[] = [];
  #patience: NodeJS.Timeout | undefined;
  #stopping = false;
  #room = 1;

  constructor(id: string, dependencies: DeliveryDependencies) {
    this.#id = id;
    this.#dependencies = dependencies;
    this.#sender = createSender(dependencies.lookup, dependencies.policy, AT_ONCE);
  }

  /** Resolves when nothing is due, and everything that was sent is written down. */
  async run(): Promise<void> {
    try {
      do {
        if (this.#attempts.length === 0 && this.#sending.size > 0) await Promise.race(this.#sending);
        await this.#step(this.#attempts.splice(0));
      } while (this.#attempts.length > 0 || this.#sending.size > 0);
    } finally {
      clearTimeout(this.#patience);
      await this.#sender.close();
    }
  }

  /** Begins no further attempt, and soon breaks off those under way: they are made again. */
  stop(): void {
    this.#stopping = true;
    this.#patience = setTimeout(() => void this.#sender.close(), CLOSING_MS);
  }

  async #step(attempts: readonly Attempt[]): Promise<void> {
    const room = this.#stopping ? 0 : this.#room - this.#sending.size;
    const { database, secrets } = this.#dependencies;
    const { endpoint, deliveries } = await settleAndClaim(database, this.#id, attempts, Math.max(room, 0));
    if (!endpoint) this.#stopping = true;
    else if (attempts.some(({ delivered }) => delivered)) this.#room = AT_ONCE;
    else if (attempts.length > 0) this.#room = 1;
    for (const delivery of deliveries) this.#begin(delivery, endpoint!, secretsOf(endpoint!, secrets));
  }

  #begin(delivery: Delivery, { url }: Endpoint, secrets: readonly string[]): void {
    const sending = this.#send(delivery, url, secrets).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  async #send(
    { id, resource_id, message_id, body, tries }: Delivery,
    url: string,
    secrets: readonly string[],
  ) {
    const timestamp = Math.floor(Date.now() / 1000);
    const signature = sign({ id: message_id, timestamp, body }, secrets);
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Danube-Webhooks/1',
      'webhook-id': message_id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signature,
    };
    const outcome = await this.#sender.post(url, headers, body);
    const delivered = outcome.status !== null && outcome.status >= 200 && outcome.status < 300;
    this.#attempts.push({
      id,
      resource_id,
      url,
      signature,
      response_status: outcome.status,
      response_body: outcome.body,
      error_message: delivered ? null : explain(outcome),
      delivered,
      pause: delivered ? null : pauseAfter(tries + 1),
    });
  }
}

function explain({ status, error }: Outcome): string {
  if (error !== null) return error;
  return status >= 300 && status < 400
    ? `The answer was ${status}. Redirects are not followed: use the URL that it leads to.`
    : `The answer was ${status}, and not 2xx.`;
}

/** The secrets that an endpoint's messages are signed with: for a while, the one before as well. */
function secretsOf(endpoint: Endpoint, box: SecretBox): string[] {
  const { secret_sealed, previous_secret_sealed: previous, previous_secret_until: until } = endpoint;
  const isValid = previous !== null && until !== null && until.getTime() > Date.now();
  return [secret_sealed, ...(isValid ? [previous] : [])].map((sealed) => box.open(sealed));
}
