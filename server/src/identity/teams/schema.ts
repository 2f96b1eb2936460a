import { type Static, Type } from 'typebox';
import {
  Component,
  Enum,
  LineText,
  List,
  Message,
  NameText,
  Nullable,
  NumberId,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { ROLES } from '../../http/scopes.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';
import { Warnings } from '../../http/warnings.ts';

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
  operator: Type.Boolean({ example: false, description: 'Whether it runs the install.' }),
});

export const TeamList = Component('TeamList', {
  data: List(Team),
  current_team_id: NumberId(1, 'The team that this request acts on.'),
});

const RoleText = (description: string) => Enum(ROLES, { description });

export const TeamAnswer = Component('TeamResponse', {
  team: Team,
  role: RoleText('The role of the account in it.'),
});

export const NameTeam = Component('NameTeam', { name: NameText(255, 'Shop') });
export const TeamNamed = Component('TeamNamed', {
  message: Message('Team created.'),
  team: Team,
  warnings: Warnings,
});
export const DeleteTeam = Component('DeleteTeam', {
  confirm: LineText(255, 'Old shop', {
    description: 'The name of the team, which shows that the right one is meant.',
  }),
});
export const TeamDeleted = Component('TeamDeleted', { message: Message('Team deleted.') });

const Member = Component('TeamMember', {
  id: NumberId(7, 'Number of the account.'),
  name: Text(255, 'Ada'),
  email: Text(320, 'ada@example.org', { format: 'email' }),
  role: RoleText('What the member may do.'),
  joined_at: Timestamp(),
});

export const MemberList = Component('TeamMemberList', { data: List(Member) });
export const MemberAnswer = Component('TeamMemberResponse', { member: Member });
export const SetRole = Component('SetTeamRole', { role: RoleText('What the member may do from now on.') });
export const TransferTeam = Component('TransferTeam', {
  account: NumberId(7, 'Number of the member’s account.'),
});
export const MemberChanged = Component('TeamMemberChanged', {
  message: Message('Role changed.'),
  member: Member,
  warnings: Warnings,
});
export const MemberRemoved = Component('TeamMemberRemoved', { message: Message('Member removed.') });
export const TeamLeft = Component('TeamLeft', { message: Message('You have left the team.') });

const Invitation = Component('TeamInvitation', {
  id: NumberId(3),
  team_id: NumberId(1),
  role: RoleText('What who accepts it may do.'),
  email: Nullable(
    Text(320, 'grace@example.org', { description: 'Who may accept it; null: whoever has the code.' }),
  ),
  invited_by: NumberId(1, 'The account that invited.'),
  created_at: Timestamp(),
  expires_at: Timestamp(),
});

export const InvitationList = Component('TeamInvitationList', { data: List(Invitation) });
export const Invite = Component('InviteToTeam', {
  role: RoleText('What who accepts it may do.'),
  email: Type.Optional(
    Nullable({
      ...LineText(254, 'grace@example.org', {
        description:
          'Where it is mailed. Only the account with this address can accept. Without it, you get a link.',
      }),
      example: null,
    }),
  ),
  expires_in_days: Type.Optional(
    Type.Integer({
      format: 'int32',
      minimum: 1,
      maximum: 30,
      example: 7,
      description: 'For how many days it can be accepted; 7 by default.',
    }),
  ),
});
export type Invite = Static<typeof Invite>;
export const Invited = Component('TeamInvited', {
  message: Message('Invitation created.'),
  invitation: Invitation,
  code: Nullable(
    Text(100, 'example-of-a-code', { description: 'For accepting it; null where it was mailed.' }),
  ),
  url: Nullable(Text(500, 'https://cloud.example.org/invitation#example-of-a-code')),
  warnings: Warnings,
});
export const InvitationWithdrawn = Component('TeamInvitationWithdrawn', {
  message: Message('Invitation withdrawn.'),
});
export const AcceptInvitation = Component('AcceptInvitation', {
  code: Type.String({
    maxLength: 100,
    pattern: '^[A-Za-z0-9]+$',
    [PATTERN_MESSAGE]: 'must be the code of an invitation',
    example: 'exampleOfACode',
  }),
});
export const InvitationAccepted = Component('TeamInvitationAccepted', {
  message: Message('You are a member of the team.'),
  team_id: NumberId(1),
  team_name: Text(255, 'Shop'),
  role: RoleText('What you may do in it.'),
});
