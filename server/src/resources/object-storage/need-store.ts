import { AppError } from '../../lib/errors.ts';
import type { ObjectStore } from '../../object-store/contract.ts';

/** The install’s object store. Throws `not_available` where it has none. */
export function needStore(objects: ObjectStore | null): ObjectStore {
  if (objects) return objects;
  throw new AppError('not_available', 'This install has no object storage. Ask the operator to set it up.');
}
