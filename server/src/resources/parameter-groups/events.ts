import { Type } from 'typebox';
import type { Tx } from '../../db/database.ts';
import type { EventType } from '../../events/catalogue.ts';
import { normal } from '../../events/catalogue.ts';
import { recordAll } from '../../events/store.ts';
import type { ParameterGroup } from './store.ts';

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

/** Writes what happened to groups of teams. */
export const recordGroups = (
  tx: Tx,
  type: EventType<(typeof parameterGroupEvents)['created']['payload']>,
  groups: readonly ParameterGroup[],
) =>
  recordAll(
    tx,
    type,
    groups.map(({ id, team_id, name, provider }) => ({
      subject: { teamId: team_id!, resourceType: 'parameter-group', resourceId: String(id) },
      payload: { name, provider_type: provider },
    })),
  );
