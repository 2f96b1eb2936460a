import type { ResourceModule } from '../module.ts';
import { findUncatalogued } from './consistency.ts';

/** The log of what happened to all resources. */
export const eventsModule: ResourceModule = {
  name: 'events',
  create: () => ({}),
  inconsistencies: ({ db, teamId }) => findUncatalogued(db, teamId),
};
