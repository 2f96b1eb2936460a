import type { ResourceModule } from '../module.ts';
import { findUncatalogued } from './consistency.ts';
import { EventFeed } from './feed.ts';
import { ProgressFeed } from './progress.ts';
import { eventRoutes } from './routes.ts';
import { purgeEvents } from './store.ts';

/** The log of what happened to all resources. */
export const eventsModule: ResourceModule = {
  name: 'events',
  tags: [
    {
      name: 'Events',
      description: 'What happened to the team’s resources, in order, as a list or a stream.',
    },
  ],
  create: ({ config, database, log }) => ({
    routes: (api) => eventRoutes(api, database, new EventFeed(database, log), new ProgressFeed(database)),
    reconcilers: [
      {
        name: 'event-retention',
        everySeconds: 3600,
        run: () => purgeEvents(database.db, config.eventDays),
      },
    ],
  }),
  inconsistencies: ({ db, teamId }) => findUncatalogued(db, teamId),
};
