import type { Queryable } from '../../db/database.ts';
import { instanceRef } from '../../instances/naming.ts';
import { getInstance, type Instance } from '../../instances/store.ts';
import type { Operation } from '../../operations/operation.ts';

/** The row of the operation's instance. A row outlives every operation of it. */
export const instanceOf = (db: Queryable, { resourceId }: Operation): Promise<Instance> =>
  getInstance(db, resourceId);

/** How the data plane names the instance that an operation is about. */
export const refOf = async (db: Queryable, operation: Operation) =>
  instanceRef(await instanceOf(db, operation));
