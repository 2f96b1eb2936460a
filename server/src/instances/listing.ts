import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Listing } from '../http/listing.ts';
import { ListQuery } from '../http/listing.ts';
import { LineText } from '../http/schema.ts';

/** Query parameters of the lists of instances. `statuses`: those that instances of the kind can have. */
export const InstanceQuery = (statuses: readonly [string, ...string[]]) =>
  ListQuery('instances', 'uuid', statuses, {
    datacenter: Type.Optional(LineText(40, 'fsn1', { description: 'Only instances in this datacenter.' })),
  });

export type InstanceQuery = Static<ReturnType<typeof InstanceQuery>>;

/** The lists of instances of all kinds. */
export const INSTANCES: Listing = {
  id: { column: 'instances.id', form: 'uuid' },
  created: { value: sql.ref('instances.created_at'), form: 'time' },
  name: 'instances.name',
  status: 'instances.status',
  filters: { datacenter: { column: 'instances.datacenter', form: 'text' } },
};
