import type { ResourceModule } from '../module.ts';
import { findUncatalogued } from './consistency.ts';

/** What happened to all resources, as one log. */
export const eventsModule: ResourceModule = {
  name: 'events',
  create: () => ({}),
  inconsistencies: ({ db, teamId }) => findUncatalogued(db, teamId),
};
