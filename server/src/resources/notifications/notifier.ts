import type { Database } from '../../db/database.ts';
import { startWakeUp } from '../../db/wake-up.ts';
import { EVENTS_CHANNEL } from '../../events/store.ts';
import type { Log } from '../../lib/log.ts';
import type { Mailer } from '../../mail/mailer.ts';
import { notifyMembers } from './fan-out.ts';

/** Milliseconds between looks at the log, in case a notification of the database is lost. */
const LOOK_EVERY = 30_000;

/** Makes notifications of new events. Every worker runs one; they share the work. */
export function startNotifier(database: Database, mail: Mailer, log: Log): { stop(): Promise<void> } {
  let stopped = false;
  const options = { databaseUrl: database.url, channel: EVENTS_CHANNEL, log, lookEvery: LOOK_EVERY };
  const wakeUp = startWakeUp(options, async () => {
    while (!stopped && (await notifyMembers(database, mail)));
  });
  return {
    async stop() {
      stopped = true;
      await wakeUp.stop();
    },
  };
}
