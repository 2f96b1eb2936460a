import { type Static, Type } from 'typebox';
import { ListQuery } from '../../http/listing.ts';
import { PageOf } from '../../http/pagination.ts';
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
  TimeText,
} from '../../http/schema.ts';
import { ROLES } from '../../http/scopes.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';

const ScopeText = Text(50, 'vps:read');

export const Token = Component('Token', {
  id: NumberId(12),
  name: Text(255, 'ci'),
  team_id: NumberId(1, 'The team that its requests act on, unless they name another.'),
  scopes: List(ScopeText),
  unused_scopes: List(ScopeText, {
    description: 'Those that no request has needed yet: a token without them would do as well.',
  }),
  made_by_token_id: Nullable(NumberId(3, 'The token that made it; null: none did.')),
  expires_at: Nullable(Timestamp()),
  last_used_at: Nullable(Timestamp('To the minute.')),
  last_used_ip: Nullable(Text(45, '203.0.113.9', { description: 'Address of the last use.' })),
  created_at: Timestamp(),
});

export const TokenList = PageOf(Token);

/** The token of any member. */
const TeamToken = Component('TeamToken', {
  ...Token.properties,
  account: Component('TokenAccount', {
    id: NumberId(7),
    name: Text(255, 'Ada'),
    email: Text(320, 'ada@example.org', { format: 'email' }),
  }),
});
export const TeamTokenList = PageOf(TeamToken);

export const ScopeList = Component('ScopeList', {
  data: List(
    Component('TokenScope', {
      scope: ScopeText,
      roles: List(Enum(ROLES), {
        description: 'The roles that have it in a team. Empty: it belongs to the account, whatever its role.',
      }),
    }),
  ),
  sets: Type.Unsafe<Record<string, readonly string[]>>({
    type: 'object',
    additionalProperties: List(ScopeText),
    example: { read: ['vps:read'] },
    description: 'The scopes of each `scope_set`.',
  }),
});

export const TokenAnswer = Component('TokenResponse', { token: Token });

export const TokenQuery = ListQuery('tokens', 'number', null);
export type TokenQuery = Static<typeof TokenQuery>;

export const CreateToken = Component('CreateToken', {
  name: NameText(255, 'ci'),
  scopes: Type.Optional(
    List(LineText(50, 'vps:read'), {
      maxItems: 100,
      description: 'Scopes one by one, besides those of `scope_set`.',
    }),
  ),
  scope_set: Type.Optional(
    Enum(['default', 'read', 'editor', 'admin'], {
      description: 'A named set of scopes. Without this and `scopes`: `default`.',
    }),
  ),
  team_id: Type.Optional(
    Nullable({
      ...NumberId(1, 'The team that it acts for. Without it, the account’s first.'),
      example: null,
    }),
  ),
  expires_at: Type.Optional(
    Nullable(TimeText('2099-01-15T09:30:00Z', 'When it expires; null or left out: never.')),
  ),
});
export type CreateToken = Static<typeof CreateToken>;

export const TokenCreated = Component('TokenCreated', {
  message: Message('Token created. It is shown only this once.'),
  token: Token,
  plain_text: Text(100, '12|example-of-a-secret', {
    description: 'The token itself, which is shown only once.',
  }),
  curl: Text(500, "curl -H 'Authorization: Bearer 12|…' https://cloud.example.org/api/v1/user/teams", {
    description: 'A command that uses it.',
  }),
  cli: Text(500, "DANUBE_URL=https://cloud.example.org DANUBE_TOKEN='12|…' danubectl teams list", {
    description: 'The same for the command line of customers.',
  }),
  terraform: Text(
    500,
    "export DANUBEDATA_API_TOKEN='12|…' DANUBEDATA_BASE_URL='https://cloud.example.org/api/v1'",
    { description: 'What the Terraform provider of the v1 API, `AdrianSilaghi/danubedata`, takes it from.' },
  ),
  warnings: List(Text(2000, 'The token expires with the one that made it.')),
});

export const TokenRevoked = Component('TokenRevoked', { message: Message('Token revoked.') });

export const ExplainToken = Component('ExplainToken', {
  method: Enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: Type.String({
    maxLength: 1000,
    pattern: '^/[\\x21-\\x7e]*$',
    [PATTERN_MESSAGE]: 'must be the path of a request, for example /vps',
    example: '/vps',
    description: 'With or without `/api/v1` in front.',
  }),
  token_id: Type.Optional(
    Nullable({
      ...NumberId(12, 'A token of the account. Without it, the credential of this request.'),
      example: null,
    }),
  ),
});
export type ExplainToken = Static<typeof ExplainToken>;

export const Explanation = Component('TokenExplanation', {
  allowed: Type.Boolean({ example: false }),
  reason: Message('The token lacks the scope "vps:read".'),
  operation: Text(100, 'listVps', { description: 'The `operationId` of the request.' }),
  required_scope: Nullable(Text(50, 'vps:read', { description: 'Null: any valid token will do.' })),
  token_has_scope: Type.Boolean({ example: false }),
  role: Nullable(
    Text(50, 'viewer', {
      description: 'The role in the team that the request acts on; null: it acts on none.',
    }),
  ),
  role_has_scope: Type.Boolean({ example: true }),
});
