import type { Queryable } from '../../db/database.ts';
import { instanceRef } from '../../instances/naming.ts';
import { getInstance, type Instance } from '../../instances/store.ts';
import type { Operation } from '../../operations/operation.ts';

/** The row of the operation's instance, which exists as long as it has unfinished operations. */
export const instanceOf = (db: Queryable, { resourceId }: Operation): Promise<Instance> =>
  getInstance(db, resourceId);

/** The data plane's reference to the operation's instance. */
export const refOf = async (db: Queryable, operation: Operation) =>
  instanceRef(await instanceOf(db, operation));
