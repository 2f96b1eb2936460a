import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { mutate } from '../../http/mutation.ts';
import { Obj, PathId, parseNumberId } from '../../http/schema.ts';
import { assertRecentProof } from '../sessions/recent-proof.ts';
import { acceptInvitation, invite, listInvitations, type Sender, withdrawInvitation } from './invitations.ts';
import { getMember, listMembers, removeMember, setRole, transferTeam } from './members.ts';
import {
  AcceptInvitation,
  InvitationAccepted,
  InvitationList,
  InvitationWithdrawn,
  Invite,
  Invited,
  MemberAnswer,
  MemberChanged,
  MemberList,
  MemberRemoved,
  SetRole,
  TransferTeam,
} from './schema.ts';

const tags = ['Teams'];
const onMember = Obj({ member: PathId('integer', 'Number of the member’s account.') });
const OWNERS = 'Who makes an owner, or changes or removes one, needs `team:delete`, too.';

/** Routes for the members of the team that the request acts on. */
export function memberRoutes(api: Api, database: Database): void {
  api.get(
    '/team/members',
    {
      schema: {
        operationId: 'listTeamMembers',
        summary: 'List members',
        description: 'Lists the members of the team with their roles.',
        tags,
        response: { 200: MemberList },
      },
      config: { scope: 'team:read' },
    },
    async ({ principal }) => ({ data: await listMembers(database.db, principal.team.id) }),
  );
  api.get(
    '/team/members/:member',
    {
      schema: {
        operationId: 'getTeamMember',
        summary: 'Show a member',
        description: 'Shows one member of the team.',
        tags,
        params: onMember,
        response: { 200: MemberAnswer },
      },
      config: { scope: 'team:read' },
    },
    async ({ principal, params }) => ({
      member: await getMember(database.db, principal.team.id, parseNumberId(params.member)),
    }),
  );
  changeRoutes(api);
}

function changeRoutes(api: Api): void {
  api.put(
    '/team/members/:member',
    {
      schema: {
        operationId: 'setTeamRole',
        summary: 'Change a role',
        description: `Gives a member another role, which counts within a second. The last owner stays one. ${OWNERS}`,
        tags,
        params: onMember,
        body: SetRole,
        response: { 200: MemberChanged },
      },
      config: { scope: 'team:write', errors: ['invalid_state', 'quota_exceeded'] },
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Role changed.',
        member: await setRole(tx, request.principal, parseNumberId(request.params.member), request.body.role),
        warnings: [],
      })),
  );
  api.delete(
    '/team/members/:member',
    {
      schema: {
        operationId: 'removeTeamMember',
        summary: 'Remove a member',
        description:
          'Removes a member. The account’s tokens of this team stop working within a second, and so do streams. The last owner ' +
          `stays. ${OWNERS}`,
        tags,
        params: onMember,
        response: { 200: MemberRemoved },
      },
      config: { scope: 'team:write', errors: ['invalid_state'] },
    },
    (request) =>
      mutate(request, async (tx) => {
        await removeMember(tx, request.principal, parseNumberId(request.params.member));
        return { message: 'Member removed.' };
      }),
  );
  api.post(
    '/team/transfer',
    {
      schema: {
        operationId: 'transferTeam',
        summary: 'Transfer the team',
        description: 'Makes another member the owner, and the account that asks an admin.',
        tags,
        body: TransferTeam,
        response: { 200: MemberChanged },
      },
      config: {
        scope: 'team:delete',
        errors: ['invalid_state', 'proof_required', 'not_found', 'quota_exceeded'],
      },
    },
    (request) =>
      mutate(request, async (tx) => {
        assertRecentProof(request.principal);
        const member = await transferTeam(tx, request.principal, request.body.account);
        return { message: 'The team has another owner.', member, warnings: [] };
      }),
  );
}

/** Routes for invitations to the team that the request acts on, and for accepting one. */
export function invitationRoutes(api: Api, database: Database, sender: Sender): void {
  api.get(
    '/team/invitations',
    {
      schema: {
        operationId: 'listTeamInvitations',
        summary: 'List invitations',
        description: 'Lists the invitations to the team that can still be accepted.',
        tags,
        response: { 200: InvitationList },
      },
      config: { scope: 'team:write' },
    },
    async ({ principal }) => ({ data: await listInvitations(database.db, principal.team.id) }),
  );
  api.post(
    '/team/invitations',
    {
      schema: {
        operationId: 'inviteToTeam',
        summary: 'Invite',
        description:
          'Invites by e-mail, or makes a link to pass on. It can be accepted once. Members and open invitations together keep to ' +
          `the team’s quota of members. ${OWNERS}`,
        tags,
        body: Invite,
        response: { 201: Invited },
      },
      config: { scope: 'team:write', errors: ['quota_exceeded', 'not_available'] },
    },
    (request) =>
      mutate(
        request,
        async (tx) => {
          const { role, email = null, expires_in_days: days = 7 } = request.body;
          const made = await invite(tx, request.principal, { role, email, days }, sender);
          return {
            message: email === null ? 'Invitation created.' : 'Invitation sent.',
            ...made,
            warnings: [],
          };
        },
        { holdsSecret: true },
      ),
  );
  api.delete(
    '/team/invitations/:invitation',
    {
      schema: {
        operationId: 'withdrawInvitation',
        summary: 'Withdraw an invitation',
        description: 'Makes an invitation useless.',
        tags,
        params: Obj({ invitation: PathId('integer', 'Number of the invitation.') }),
        response: { 200: InvitationWithdrawn },
      },
      config: { scope: 'team:write' },
    },
    (request) =>
      mutate(request, async (tx) => {
        await withdrawInvitation(tx, request.principal, parseNumberId(request.params.invitation));
        return { message: 'Invitation withdrawn.' };
      }),
  );
  acceptRoute(api);
}

function acceptRoute(api: Api): void {
  api.post(
    '/user/invitations/accept',
    {
      schema: {
        operationId: 'acceptInvitation',
        summary: 'Accept an invitation',
        description: 'Makes the account a member of the team that has invited it.',
        tags,
        body: AcceptInvitation,
        response: { 200: InvitationAccepted },
      },
      config: {
        scope: 'team:write',
        team: 'none',
        errors: ['not_found', 'invalid_state', 'quota_exceeded'],
      },
    },
    (request) =>
      mutate(request, async (tx) => {
        const { id, name, role } = await acceptInvitation(tx, request.principal, request.body.code);
        return { message: 'You are a member of the team.', team_id: id, team_name: name, role };
      }),
  );
}
