import { Type } from 'typebox';
import { normal } from '../events/catalogue.ts';

/** What every resource that operations work on has: somebody asked for one. */
export const requested = (resourceType: string) =>
  normal(
    `${resourceType}.requested`,
    'Requested',
    Type.Object({ operation: Type.String() }),
    ({ operation }) => `Asked to ${operation}.`,
  );
