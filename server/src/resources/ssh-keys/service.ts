import { type Selectable, sql } from 'kysely';
import type { Queryable, Tx } from '../../db/database.ts';
import type { SshKeys } from '../../db/schema.gen.ts';
import { record } from '../../events/store.ts';
import { type Listing, readPage } from '../../http/listing.ts';
import { pageOf } from '../../http/pagination.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { warnOfNamesake } from '../../http/warnings.ts';
import { countOf, releaseQuota, takeQuota } from '../../identity/teams/quotas.ts';
import { type AppError, invalid, notFound } from '../../lib/errors.ts';
import { sshKeyEvents } from './events.ts';
import { PublicKeyError } from './key-text.ts';
import { type PublicKey, parsePublicKey } from './public-key.ts';
import type { SshKeyQuery } from './schema.ts';

type Row = Selectable<SshKeys>;

const SSH_KEYS: Listing = {
  id: { column: 'id', form: 'number' },
  created: { value: sql.ref('id'), form: 'number' },
  name: 'name',
};

/** The page of the team's keys that is asked for. */
export async function listSshKeys(db: Queryable, principal: TeamPrincipal, query: SshKeyQuery) {
  const { id: teamId } = principal.team;
  const keys = db.selectFrom('ssh_keys').selectAll().where('team_id', '=', teamId);
  const page = await readPage(keys, SSH_KEYS, query, () => countOf(db, teamId, 'ssh_key'));
  return pageOf(page.rows.map(toWire), page, query);
}

/** One key of the team. Throws `not_found`. */
export async function getSshKey(db: Queryable, principal: TeamPrincipal, id: number | null) {
  const row =
    id === null
      ? undefined
      : await db
          .selectFrom('ssh_keys')
          .selectAll()
          .where('id', '=', id)
          .where('team_id', '=', principal.team.id)
          .executeTakeFirst();
  if (!row) throw notFound('SSH key');
  return toWire(row);
}

/** Adds a key. Throws `validation_failed` for an invalid or existing key, and `quota_exceeded`. */
export async function createSshKey(
  tx: Tx,
  principal: TeamPrincipal,
  input: { name: string; public_key: string; is_default?: boolean },
) {
  const key = parse(input.public_key);
  // Locking the quota's row serialises the team's writers, so that at most one key becomes the default.
  await takeQuota(tx, principal.team.id, 'ssh_key');
  const isDefault = input.is_default ?? false;
  if (isDefault) {
    await tx
      .updateTable('ssh_keys')
      .set({ is_default: false })
      .where('team_id', '=', principal.team.id)
      .where('is_default', '=', true)
      .execute();
  }
  const row = await tx
    .insertInto('ssh_keys')
    .values({
      team_id: principal.team.id,
      user_id: principal.accountId,
      name: input.name,
      public_key: key.line,
      fingerprint: key.fingerprint,
      is_default: isDefault,
    })
    .onConflict((conflict) => conflict.columns(['team_id', 'fingerprint']).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) throw await duplicate(tx, principal.team.id, key.fingerprint);
  await record(tx, sshKeyEvents.created, subject(row), row);
  return toWire(row);
}

async function duplicate(db: Queryable, teamId: number, fingerprint: string): Promise<AppError> {
  const { id, name } = await db
    .selectFrom('ssh_keys')
    .select(['id', 'name'])
    .where('team_id', '=', teamId)
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirstOrThrow();
  return invalid({
    public_key: [`The team already has this key: "${name}", with the id ${id}. Use that one.`],
  });
}

/** Warns of another key of the team with the same name. */
export const warnOfName = (db: Queryable, key: { id: number; name: string; team_id: number }) =>
  warnOfNamesake(db.selectFrom('ssh_keys').where('team_id', '=', key.team_id), SSH_KEYS, 'SSH key', key);

/** Deletes a key. Instances created with it keep it. Throws `not_found`. */
export async function deleteSshKey(tx: Tx, principal: TeamPrincipal, id: number | null): Promise<void> {
  if (id === null) throw notFound('SSH key');
  // Takes locks in the same order as createSshKey; a missing key rolls this back.
  await releaseQuota(tx, principal.team.id, 'ssh_key');
  const row = await tx
    .deleteFrom('ssh_keys')
    .where('id', '=', id)
    .where('team_id', '=', principal.team.id)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw notFound('SSH key');
  await record(tx, sshKeyEvents.deleted, subject(row), row);
}

const subject = ({ id, team_id }: Row) => ({
  teamId: team_id,
  resourceType: 'ssh-key',
  resourceId: String(id),
});

function parse(text: string): PublicKey {
  try {
    return parsePublicKey(text);
  } catch (error) {
    if (error instanceof PublicKeyError) throw invalid({ public_key: [error.message] });
    throw error;
  }
}

const toWire = (row: Row) => ({
  id: row.id,
  name: row.name,
  fingerprint: row.fingerprint,
  public_key: row.public_key,
  is_default: row.is_default,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  team_id: row.team_id,
  user_id: row.user_id,
});
