import { databaseKind } from '../managed-services/instance-kinds.ts';
import { clonesModule, managedServiceModule } from '../managed-services/module.ts';
import { databaseWire } from './wire.ts';

const tag = { name: 'Databases', description: 'Managed PostgreSQL, MySQL and MariaDB.' };

export const databasesModule = managedServiceModule('database', tag, databaseKind, databaseWire);
export const databaseClonesModule = clonesModule('database', databaseWire);
