import type { Tag } from '../../http/openapi-parts.ts';
import type { InstanceKind } from '../../instances/kinds.ts';
import { instanceSearch } from '../../instances/search.ts';
import type { ResourceModule } from '../../module.ts';
import { SnapshotService } from '../snapshots/service.ts';
import { storageAutoscaler } from './autoscaler.ts';
import { cloneRoute } from './clone-routes.ts';
import { ConnectionTest } from './connection-test.ts';
import { engineWatch } from './engine-watch.ts';
import { serviceEvents } from './events.ts';
import type { Kind } from './kinds.ts';
import { passwordExpiry } from './password-expiry.ts';
import { managedServiceRoutes } from './routes.ts';
import { ServiceActions } from './service.ts';
import type { Wire } from './wire.ts';
import { managedServiceWorkflows } from './workflow.ts';

/** The module of one kind of managed service; `wire` maps its names in the API. */
export function managedServiceModule(name: Kind, tag: Tag, kind: InstanceKind, wire: Wire): ResourceModule {
  return {
    name,
    tags: [tag],
    scopes: [name],
    quotas: { [name]: { limit: 10, label: name } },
    audit: () => ({
      [`${name}Instance`]: { type: name, tables: ['instances', 'managed_services'], id: 'uuid' },
    }),
    events: serviceEvents[name],
    kinds: [kind],
    search: [instanceSearch(name, kind.noun)],
    create: (context) => ({
      routes(api) {
        const connection = new ConnectionTest({ ...context, isReal: context.plane.name !== 'sim' });
        managedServiceRoutes(
          api,
          { ...context, connection, service: new ServiceActions(name, context) },
          wire,
        );
      },
      operations: { [name]: managedServiceWorkflows(context) },
    }),
  };
}

/** Creation of instances of this kind from snapshots. */
export const clonesModule = (kind: Kind, wire: Wire): ResourceModule => ({
  name: `${kind}-clones`,
  create: (context) => ({
    routes(api) {
      const snapshots = new SnapshotService(kind, context);
      cloneRoute(api, snapshots, new ServiceActions(kind, context), wire.schemas.instance);
    },
  }),
});

/** The parts that both kinds of managed services share. */
export const managedServicesModule: ResourceModule = {
  name: 'managed-services',
  create: ({ config, database, plane, storage, log }) => ({
    reconcilers: [
      storageAutoscaler({ config, database, plane, storage }, log),
      engineWatch(database, plane, log),
      passwordExpiry(database),
    ],
  }),
};
