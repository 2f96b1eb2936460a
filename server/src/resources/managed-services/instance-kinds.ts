import { Text } from '../../http/schema.ts';
import type { InstanceKind } from '../../instances/kinds.ts';
import { serviceEvents } from './events.ts';
import { KINDS, type Kind } from './kinds.ts';
import { waitUntilReady } from './readiness.ts';
import { imageName, instanceSpec } from './settings.ts';
import { getService } from './store.ts';

/** `engine`: an example for the API's documentation. */
const serviceKind = (name: Kind, engine: { provider: string; version: string }): InstanceKind => ({
  name,
  noun: name,
  label: KINDS[name].label,
  events: serviceEvents[name],
  snapshots: {
    param: `${name}Snapshot`,
    member: `${name}_instance`,
    sizeUnit: name === 'cache' ? 'mb' : 'gb',
    details: { provider: Text(40, engine.provider), version: Text(20, engine.version) },
    example: { name: 'shop', diskGb: 10 },
  },
  async describe(db, id) {
    const { provider, version, database_name } = await getService(db, id);
    return { image: null, provider, version, database_name };
  },
  blueprint(dependencies) {
    const { database, plane } = dependencies;
    const rowOf = async (id: string, version: string | null) => {
      const row = await getService(database.db, id);
      return { ...row, version: version ?? row.version };
    };
    return {
      image: async (id, { version }) => imageName(await rowOf(id, version)),
      spec: async (id, { version }, network) => instanceSpec(await rowOf(id, version), network, dependencies),
      waitUntilAnswers: (ref) => waitUntilReady(plane, ref),
      answered: 'It answered a query.',
      verifies: true,
    };
  },
});

export const databaseKind = serviceKind('database', { provider: 'postgresql', version: '17' });
export const cacheKind = serviceKind('cache', { provider: 'valkey', version: '9.1' });
