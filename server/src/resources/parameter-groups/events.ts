import { Type } from 'typebox';
import { normal } from '../../events/catalogue.ts';

const Group = Type.Object({ name: Type.String(), provider_type: Type.String() });

/** Events of parameter groups. Instances that follow a changed one have operations and events of their own. */
export const parameterGroupEvents = {
  created: normal(
    'parameter-group.created',
    'Created',
    Group,
    ({ name }) => `The parameter group "${name}" was created.`,
  ),
  updated: normal(
    'parameter-group.updated',
    'Updated',
    Group,
    ({ name }) => `The parameter group "${name}" was changed.`,
  ),
  deleted: normal(
    'parameter-group.deleted',
    'Deleted',
    Group,
    ({ name }) => `The parameter group "${name}" was deleted.`,
  ),
};
