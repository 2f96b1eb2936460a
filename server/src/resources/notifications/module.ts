import { sql } from 'kysely';
import { deleteInBatches } from '../../db/batches.ts';
import type { Queryable } from '../../db/database.ts';
import type { ResourceModule } from '../../module.ts';
import { sendDigests } from './digests.ts';
import { startNotifier } from './notifier.ts';
import { PreferenceService } from './preference-service.ts';
import { notificationRoutes, preferenceRoutes } from './routes.ts';
import { NotificationService } from './service.ts';

export const notificationsModule: ResourceModule = {
  name: 'notifications',
  tags: [{ name: 'Notifications', description: 'What the account is told of in its teams, and how.' }],
  create: ({ config, database, mail, log }) => ({
    routes(api) {
      notificationRoutes(api, new NotificationService(database, config.publicUrl));
      preferenceRoutes(api, new PreferenceService(database, mail));
    },
    start: () => startNotifier(database, mail, log),
    reconcilers: [
      { name: 'notification-digests', everySeconds: 60, run: () => sendDigests(database, mail) },
      {
        name: 'notification-retention',
        everySeconds: 3600,
        run: () => purgeNotifications(database.db, config.eventDays),
      },
    ],
  }),
};

/** Deletes notifications that are as old as events may get. */
async function purgeNotifications(db: Queryable, days: number): Promise<void> {
  await deleteInBatches(
    db,
    (limit) => sql`
      delete from notifications where id in (select id from notifications
        where created_at < now() - make_interval(days => ${days}) limit ${limit})`,
  );
}
