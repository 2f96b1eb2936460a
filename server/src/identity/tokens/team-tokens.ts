import { sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { Identity } from '../../http/authenticator.ts';
import { type Listing, type ListWanted, readPage } from '../../http/listing.ts';
import { pageOf } from '../../http/pagination.ts';
import { assertScope, type TeamPrincipal } from '../../http/principal.ts';
import type { Role } from '../../http/scopes.ts';
import { notFound } from '../../lib/errors.ts';
import { assertRecentProof } from '../sessions/recent-proof.ts';
import { credentialScopes } from '../teams/roles.ts';
import { viewToken } from './own-tokens.ts';
import type { TokenQuery } from './schema.ts';
import { describeToken, revokeToken } from './service.ts';

const LISTING: Listing = {
  id: { column: 'id', form: 'number' },
  created: { value: sql.ref('id'), form: 'number' },
  name: 'name',
};

/** The tokens of all members that act for the team and are not revoked. */
const tokensOf = (db: Queryable, teamId: number) =>
  db.selectFrom('tokens').selectAll().where('team_id', '=', teamId).where('revoked_at', 'is', null);

/** A page of the team's tokens, with whose they are. Secrets are never told. */
export async function listTeamTokens(db: Queryable, { team }: TeamPrincipal, query: TokenQuery) {
  const page = await readPage(tokensOf(db, team.id), LISTING, query as ListWanted);
  const owners = await db
    .selectFrom('users')
    .select(['id', 'name', 'email'])
    .where('id', '=', sql<number>`any(${page.rows.map(({ user_id }) => user_id)}::bigint[])`)
    .execute();
  const rows = page.rows.map((row) => ({
    ...viewToken(describeToken(row)),
    account: owners.find(({ id }) => id === row.user_id)!,
  }));
  return pageOf(rows, page, query);
}

/** Revokes a token of any member. Throws `not_found`, `proof_required`, and `missing_scope` for one of an owner. */
export async function revokeTeamToken(tx: Tx, principal: TeamPrincipal, id: number | null): Promise<void> {
  assertRecentProof(principal);
  const { team } = principal;
  const token =
    id === null
      ? undefined
      : await tokensOf(tx, team.id)
          .select(
            sql<Role | null>`(select m.role from team_members m
              where m.team_id = tokens.team_id and m.user_id = tokens.user_id)`.as('role'),
          )
          .where('id', '=', id)
          .executeTakeFirst();
  if (!token) throw notFound('Token');
  if (token.role === 'owner' && token.user_id !== principal.accountId) assertScope(principal, 'team:delete');
  await revokeToken(tx, token.id);
}

/** Another token of the account, and its role in that token's team. Throws `not_found`. */
export async function otherToken(
  db: Queryable,
  { accountId }: TeamPrincipal,
  id: number,
): Promise<[Pick<Identity, 'scopes' | 'via'>, Role]> {
  const row = await db
    .selectFrom('tokens as t')
    .innerJoin('users as u', 'u.id', 't.user_id')
    .innerJoin('team_members as m', (join) =>
      join.onRef('m.team_id', '=', 't.team_id').onRef('m.user_id', '=', 't.user_id'),
    )
    .select(['t.id', 't.scopes', 'u.operator', 'm.role'])
    .where('t.id', '=', id)
    .where('t.user_id', '=', accountId)
    .where('t.revoked_at', 'is', null)
    .executeTakeFirst();
  if (!row) throw notFound('Token');
  const via = { kind: 'token' as const, tokenId: row.id };
  return [{ scopes: credentialScopes(row.scopes, row), via }, row.role as Role];
}
