import type { ResourceModule } from '../module.ts';
import { startMailDispatcher } from './dispatcher.ts';
import { purgeMails } from './queue.ts';

/** How long it is known what became of a mail, in days. */
const KEPT_DAYS = 30;

/** Sends e-mails that others have queued. */
export const mailModule: ResourceModule = {
  name: 'mail',
  create: ({ config: { mail: config }, database, secrets, log }) => ({
    ...(config && { start: () => startMailDispatcher({ database, secrets, log, config }) }),
    reconcilers: [
      { name: 'mail-retention', everySeconds: 3600, run: () => purgeMails(database.db, KEPT_DAYS) },
    ],
  }),
};
