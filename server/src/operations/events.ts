import { Type } from 'typebox';
import { normal } from '../events/catalogue.ts';

/** The event that all resources with operations have: an operation was requested. */
export const requested = (resourceType: string) =>
  normal(
    `${resourceType}.requested`,
    'Requested',
    Type.Object({ operation: Type.String() }),
    ({ operation }) => `Asked to ${operation}.`,
  );
