import { type Static, type TSchema, Type } from 'typebox';
import type { Tx } from '../../db/database.ts';
import { type EventType, normal } from '../../events/catalogue.ts';
import { record } from '../../events/store.ts';

const Member = { user_id: Type.Integer(), name: Type.String() };
const Role = Type.String();

const memberLost = (what: string, reason: string, sentence: string) =>
  normal(`team.${what}`, reason, Type.Object(Member), ({ name }) => `${name} ${sentence}`);

/** Events of teams. A deleted team has none: nobody is left to read it. */
export const teamEvents = {
  created: normal(
    'team.created',
    'Created',
    Type.Object({ name: Type.String() }),
    ({ name }) => `The team "${name}" was created.`,
  ),
  renamed: normal(
    'team.renamed',
    'Renamed',
    Type.Object({ name: Type.String(), before: Type.String() }),
    ({ name, before }) => `The team "${before}" is called "${name}" now.`,
  ),
  quotasChanged: normal(
    'team.quotas_changed',
    'QuotasChanged',
    Type.Object({ quotas: Type.Record(Type.String(), Type.Number()) }),
    () => 'The operator has changed what the team may have.',
  ),
  memberAdded: normal(
    'team.member_added',
    'MemberAdded',
    Type.Object({ ...Member, role: Role }),
    ({ name, role }) => `${name} joined the team as ${role}.`,
  ),
  memberRemoved: memberLost('member_removed', 'MemberRemoved', 'was removed from the team.'),
  memberLeft: memberLost('member_left', 'MemberLeft', 'left the team.'),
  roleChanged: normal(
    'team.role_changed',
    'RoleChanged',
    Type.Object({ ...Member, role: Role, before: Role }),
    ({ name, role, before }) => `${name} is ${role} of the team now, and was ${before}.`,
  ),
  handedOver: normal(
    'team.handed_over',
    'HandedOver',
    Type.Object(Member),
    ({ name }) => `The operator has handed the team over to ${name}.`,
  ),
  invitationSent: normal(
    'team.invitation_sent',
    'InvitationSent',
    Type.Object({ invitation_id: Type.Integer(), role: Role }),
    ({ role }) => `Somebody was invited to the team as ${role}.`,
  ),
  invitationAccepted: normal(
    'team.invitation_accepted',
    'InvitationAccepted',
    Type.Object({ invitation_id: Type.Integer(), role: Role }),
    ({ role }) => `An invitation to the team as ${role} was accepted.`,
  ),
  invitationWithdrawn: normal(
    'team.invitation_withdrawn',
    'InvitationWithdrawn',
    Type.Object({ invitation_id: Type.Integer(), role: Role }),
    ({ role }) => `An invitation to the team as ${role} was withdrawn.`,
  ),
};

/** Writes what happened to a team. */
export const recordTeam = <Payload extends TSchema>(
  tx: Tx,
  teamId: number,
  type: EventType<Payload>,
  payload: Static<Payload>,
): Promise<void> => record(tx, type, { teamId, resourceType: 'team', resourceId: String(teamId) }, payload);
