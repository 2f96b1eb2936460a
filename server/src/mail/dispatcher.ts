import type { Database } from '../db/database.ts';
import { startWakeUp } from '../db/wake-up.ts';
import type { SecretBox } from '../lib/crypto.ts';
import type { Log } from '../lib/log.ts';
import { pauseAfter } from '../lib/retries.ts';
import type { MailConfig } from './config.ts';
import {
  claimMails,
  MAILS_CHANNEL,
  type MailOutcome,
  type QueuedMail,
  settleMail,
  untilNextMail,
} from './queue.ts';
import { describeRefusal, isFinal, isOfOneMail, type MailTransport, openTransport } from './transport.ts';

export interface MailDependencies {
  database: Database;
  secrets: SecretBox;
  log: Log;
  config: MailConfig;
}

/** Most milliseconds between two looks for what is due, in case a notification is lost. */
const LOOK_EVERY = 30_000;
/** Grace period for mails that are being sent at shutdown, in milliseconds. */
const CLOSING_MS = 2_000;
/** Connections to the mail server, and mails that are claimed at once. To a server that does not take any, one goes at a time. */
const CONNECTIONS = 5;
const AT_ONCE = 20;

/** Sends the mails that are due. Every worker runs one; they share the work. */
export function startMailDispatcher(dependencies: MailDependencies): { stop(): Promise<void> } {
  const { database, config, log } = dependencies;
  let transport: MailTransport | null = null;
  let room = AT_ONCE;
  let stopped = false;
  const { promise: overdue, reject: breakOff } = Promise.withResolvers<never>();
  overdue.catch(() => {});

  const wakeUp = startWakeUp(
    {
      databaseUrl: database.url,
      channel: MAILS_CHANNEL,
      log,
      lookEvery: LOOK_EVERY,
      untilDue: () => untilNextMail(database.db),
    },
    look,
  );

  async function look(): Promise<void> {
    try {
      while (!stopped) {
        const mails = await claimMails(database, room);
        if (mails.length === 0) break;
        transport ??= await openTransport(config, CONNECTIONS);
        const works = await Promise.all(mails.map((mail) => attempt(mail, transport!)));
        room = works.some(Boolean) ? AT_ONCE : 1;
      }
    } finally {
      transport?.close();
      transport = null;
    }
  }

  /** Returns whether the server takes mails. */
  async function attempt(mail: QueuedMail, through: MailTransport): Promise<boolean> {
    const { id, to_address: address, subject, message_id: messageId } = mail;
    const { text, html } = JSON.parse(dependencies.secrets.open(mail.body_sealed!));
    const message = { from: config.from, to: { name: '', address }, subject, text, html, messageId };
    try {
      await Promise.race([through.sendMail(message), overdue]);
    } catch (error) {
      await settleMail(database.db, id, stopped ? { state: 'interrupted' } : outcomeOf(mail, error));
      if (!stopped)
        log.warn({ mail: id, reason: describeRefusal(error), final: isFinal(error) }, 'mail refused');
      return isOfOneMail(error);
    }
    await settleMail(database.db, id, { state: 'sent' });
    return true;
  }

  return {
    async stop() {
      stopped = true;
      const patience = setTimeout(() => breakOff(new Error('The server stops.')), CLOSING_MS);
      await wakeUp.stop();
      clearTimeout(patience);
    },
  };
}

function outcomeOf({ attempts }: QueuedMail, error: unknown): MailOutcome {
  const reason = describeRefusal(error);
  const pause = isFinal(error) ? null : pauseAfter(attempts + 1);
  return pause === null ? { state: 'failed', error: reason } : { state: 'again', error: reason, pause };
}
