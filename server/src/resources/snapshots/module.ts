import { allKinds } from '../../instances/kinds.ts';
import type { ResourceModule } from '../../module.ts';
import { findSnapshotInconsistencies } from './consistency.ts';
import { snapshotEvents } from './events.ts';
import { snapshotReconciler } from './reconciler.ts';
import { snapshotRoutes } from './routes.ts';
import { automaticSnapshots, restoreDrills } from './schedule.ts';
import { SnapshotService } from './service.ts';
import { snapshotWorkflows } from './workflow.ts';

export const snapshotsModule: ResourceModule = {
  name: 'snapshots',
  tags: [{ name: 'Snapshots', description: 'Snapshots of servers, databases and caches.' }],
  scopes: ['snapshot'],
  // Counted for each instance, and not for the team.
  quotas: { snapshot: { limit: 50, label: 'snapshot' } },
  audit: () =>
    Object.fromEntries(
      allKinds().map(({ name }) => [
        `${name}Snapshot`,
        { type: 'snapshot', tables: ['snapshots'], id: 'number' as const },
      ]),
    ),
  events: snapshotEvents,
  search: [
    {
      type: 'snapshot',
      noun: 'snapshot',
      table: 'snapshots',
      id: { column: 'id', form: 'number' },
      eventId: { column: 'uid', form: 'uuid' },
      name: 'name',
      status: 'status',
    },
  ],
  create(context) {
    const { database, plane, storage, log } = context;
    return {
      routes(api) {
        for (const { name } of allKinds()) snapshotRoutes(api, new SnapshotService(name, context));
      },
      operations: { snapshot: snapshotWorkflows(context) },
      reconcilers: [
        automaticSnapshots(database, storage, log),
        snapshotReconciler(database, plane, log),
        restoreDrills(database, storage, log),
      ],
    };
  },
  inconsistencies: findSnapshotInconsistencies,
};
