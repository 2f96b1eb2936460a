import type { ResourceModule } from '../../module.ts';
import { cacheWire } from '../caches/wire.ts';
import { databaseWire } from '../databases/wire.ts';
import { createSnapshotService } from '../snapshots/service.ts';
import { cloneRoute } from './clone-routes.ts';
import { createServiceActions } from './service.ts';

/** Databases and caches that are made from snapshots. */
export const clonesModule: ResourceModule = {
  name: 'clones',
  create: (context) => ({
    routes(api) {
      for (const [kind, wire] of [['database', databaseWire] as const, ['cache', cacheWire] as const]) {
        const snapshots = createSnapshotService(kind, context.database);
        cloneRoute(api, snapshots, createServiceActions(kind, context), wire.schemas.instance);
      }
    },
  }),
};
