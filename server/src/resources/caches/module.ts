import { cacheKind } from '../managed-services/instance-kinds.ts';
import { clonesModule, managedServiceModule } from '../managed-services/module.ts';
import { cacheWire } from './wire.ts';

const tag = { name: 'Caches', description: 'Managed Redis and Valkey.' };

export const cachesModule = managedServiceModule('cache', tag, cacheKind, cacheWire);
export const cacheClonesModule = clonesModule('cache', cacheWire);
