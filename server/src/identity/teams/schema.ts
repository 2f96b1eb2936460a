import { Type } from 'typebox';
import { Component, List, Nullable, NumberId, Text } from '../../http/schema.ts';

const Team = Component('Team', {
  id: NumberId(1),
  name: Text(255, 'Personal'),
  personal_team: Type.Boolean({
    example: true,
    description: 'Whether this is the account holder’s own team.',
  }),
  registry_namespace: Nullable(
    Text(255, 'team-1', { description: 'Namespace in the container registry, or null.' }),
  ),
});

export const Account = Component('Account', {
  id: NumberId(1),
  name: Text(255, 'Ada'),
  email: Text(320, 'ada@example.org', { format: 'email' }),
  current_team_id: NumberId(1, 'The team that this request acts on.'),
});

export const TeamList = Component('TeamList', {
  data: List(Team),
  current_team_id: NumberId(1, 'The team that this request acts on.'),
});
