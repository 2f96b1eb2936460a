import type { Queryable } from '../../db/database.ts';
import { SETTING_NAMES } from '../../instances/settings.ts';
import { type InstanceChanges, updateInstance } from '../../instances/store.ts';
import { type ServiceChanges, updateService } from './store.ts';

/** The columns that every instance has; a service's other columns are in `managed_services`. */
const SHARED = [
  'name',
  'desired',
  'datacenter',
  'plan',
  'vcpu',
  'memory_mb',
  'disk_gb',
  'price_cents',
  ...SETTING_NAMES,
  'made_from',
] as const;

type SharedColumn = (typeof SHARED)[number];

/** Changed columns of both tables. */
export type Changes = Pick<InstanceChanges, Exclude<SharedColumn, 'made_from'>> & ServiceChanges;

/** Divides columns by table. */
export function splitColumns<T extends object>(columns: T) {
  const isShared = ([name]: [string, unknown]) => (SHARED as readonly string[]).includes(name);
  const { shared = [], own = [] } = Object.groupBy(Object.entries(columns), (entry) =>
    isShared(entry) ? 'shared' : 'own',
  );
  return {
    shared: Object.fromEntries(shared) as Pick<T, Extract<keyof T, SharedColumn>>,
    own: Object.fromEntries(own) as Omit<T, SharedColumn>,
  };
}

/** Writes changed columns to both tables. */
export async function writeChanges(db: Queryable, id: string, changes: Changes): Promise<void> {
  const { shared, own } = splitColumns(changes);
  if (Object.keys(changes).length > 0) await updateInstance(db, id, shared);
  if (Object.keys(own).length > 0) await updateService(db, id, own);
}
