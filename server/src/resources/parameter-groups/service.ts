import { sql } from 'kysely';
import type { Images } from '../../dataplane/contract/images.ts';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import { refuseChanges } from '../../http/fixed.ts';
import { pageOf } from '../../http/pagination.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { releaseQuota, takeQuota } from '../../identity/teams/quotas.ts';
import { AppError, invalid, notFound } from '../../lib/errors.ts';
import { checkParameters, isLocked, type Parameters } from '../../services/check-parameters.ts';
import type { Provider } from '../../services/provider.ts';
import { imageOf } from '../../services/provider.ts';
import { findProvider } from '../../services/registry.ts';
import { parameterGroupEvents, recordGroups } from './events.ts';
import type { Follower, GroupFollowers } from './followers.ts';
import { knownParameters, resolveParameters } from './resolution.ts';
import {
  type CloneParameterGroup,
  type CreateParameterGroup,
  type GroupQuery,
  type ParameterQuery,
  UpdateParameterGroup,
} from './schema.ts';
import { findGroup, listGroups, lockGroup, type ParameterGroup, warnOfName } from './store.ts';

export interface ParameterGroupDependencies {
  database: Database;
  plane: Images;
  /** Access to the instances that use a group. */
  followers: GroupFollowers;
}

/** What principals can do with parameter groups. Methods with a transaction parameter write in that transaction. */
export class ParameterGroupService {
  readonly #plane: Images;
  readonly #followers: GroupFollowers;
  readonly #db: Queryable;

  constructor({ database, plane, followers }: ParameterGroupDependencies) {
    const { db } = database;
    this.#plane = plane;
    this.#followers = followers;
    this.#db = db;
  }

  async #view(group: ParameterGroup) {
    return viewGroup(group, await this.#staticParameters(group));
  }

  /** The group's parameters that need a restart; empty while the engine's list is not known. */
  async #staticParameters(group: ParameterGroup): Promise<string[]> {
    const names = Object.keys(group.parameters as Parameters);
    if (names.length === 0) return [];
    const provider = findProvider(group.provider)!;
    const known = await this.#plane.imageParameters(imageOf(provider, versionOf(provider, group.family)));
    return names.filter((name) => known?.some((parameter) => parameter.name === name && parameter.static));
  }

  async list(principal: TeamPrincipal, query: GroupQuery) {
    const page = await listGroups(this.#db, principal.team.id, query);
    return pageOf(await Promise.all(page.rows.map((row) => this.#view(row))), page, query);
  }

  async show(principal: TeamPrincipal, id: number | null) {
    const group = id === null ? undefined : await findGroup(this.#db, principal.team.id, id);
    if (!group) throw notFound('Parameter group');
    return { parameter_group: await this.#view(group) };
  }

  /** The parameters of an engine's version, as the engine lists them. Throws `unavailable` where its image is not built yet. */
  async parameters({ provider_type, family: wanted }: ParameterQuery) {
    const family = wanted ?? null;
    const provider = findProvider(provider_type)!;
    const version = versionOf(provider, family);
    // Nothing fits, as in a list with any other filter.
    if (!isOffered(provider, version)) return { provider_type, family: version, data: [] };
    const known = await knownParameters(this.#plane, provider, version);
    return {
      provider_type,
      family: version,
      data: known.map(({ static: needs_restart, min, max, description = null, ...parameter }) => ({
        ...parameter,
        values: parameter.values && [...parameter.values],
        description,
        minimum: min,
        maximum: max,
        needs_restart,
        locked: isLocked(provider, parameter.name),
      })),
    };
  }

  async #lock(tx: Tx, principal: TeamPrincipal, id: number | null): Promise<ParameterGroup> {
    const group = id === null ? undefined : await lockGroup(tx, principal.team.id, id);
    if (!group) throw notFound('Parameter group');
    return group;
  }

  /** The same, locked for a change. Throws `invalid_state` for a system group. */
  async #lockOwn(tx: Tx, principal: TeamPrincipal, id: number | null): Promise<ParameterGroup> {
    const group = await this.#lock(tx, principal, id);
    if (group.team_id !== null) return group;
    throw new AppError('invalid_state', 'This group belongs to the system and cannot be changed. Clone it.', {
      extra: { error: 'invalid_state', status: 'system' },
    });
  }

  async create(tx: Tx, principal: TeamPrincipal, body: CreateParameterGroup) {
    const provider = findProvider(body.provider_type)!;
    if (provider.kind !== body.type) {
      throw invalid({ type: [`${provider.name} is a ${provider.kind}. Choose type ${provider.kind}.`] });
    }
    const family = body.family ?? null;
    assertOffered(provider, family);
    const checked = await this.#checkGroup(provider, family, body.parameters, body.locked_parameters ?? []);
    return this.#insert(tx, principal, {
      name: body.name,
      type: provider.kind,
      provider: provider.id,
      family,
      description: body.description ?? null,
      ...checked,
      is_default: body.is_default ?? false,
    });
  }

  async clone(tx: Tx, principal: TeamPrincipal, id: number | null, body: CloneParameterGroup) {
    const { name, type, provider, family, description, parameters, locked_parameters } = await this.#lock(
      tx,
      principal,
      id,
    );
    return this.#insert(tx, principal, {
      name: body.name ?? `${name} (copy)`.slice(0, 100),
      type,
      provider,
      family,
      description,
      parameters: parameters as Parameters,
      locked_parameters: locked_parameters as string[],
      is_default: false,
    });
  }

  async #insert(tx: Tx, principal: TeamPrincipal, group: NewGroup) {
    await takeQuota(tx, principal.team.id, 'parameter_group');
    if (group.is_default) await unsetDefault(tx, principal.team.id, group);
    const row = await tx
      .insertInto('parameter_groups')
      .values({ ...group, ...jsonColumns(group), team_id: principal.team.id })
      .returningAll()
      .executeTakeFirstOrThrow();
    await recordGroups(tx, parameterGroupEvents.created, [row]);
    return {
      message: 'The parameter group was created.',
      parameter_group: await this.#view(row),
      warnings: await warnOfName(tx, principal.team.id, row),
    };
  }

  async update(tx: Tx, principal: TeamPrincipal, id: number | null, body: UpdateParameterGroup) {
    const group = await this.#lockOwn(tx, principal, id);
    const { type, provider: provider_type, family } = group;
    refuseChanges(UpdateParameterGroup, 'parameter group', { type, provider_type, family }, body);
    const provider = findProvider(group.provider)!;
    const content = {
      parameters: body.parameters ?? (group.parameters as Record<string, unknown>),
      locked: body.locked_parameters ?? (group.locked_parameters as string[]),
    };
    const changed = body.parameters !== undefined || body.locked_parameters !== undefined;
    const checked = changed
      ? await this.#checkGroup(provider, group.family, content.parameters, content.locked)
      : null;
    if (body.is_default) await unsetDefault(tx, principal.team.id, group, group.id);
    const row = await tx
      .updateTable('parameter_groups')
      .set({
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(body.description === undefined ? {} : { description: body.description }),
        ...(body.is_default === undefined ? {} : { is_default: body.is_default }),
        ...(body.is_active === undefined ? {} : { is_active: body.is_active }),
        ...(checked ? jsonColumns(checked) : {}),
        updated_at: sql`now()`,
      })
      .where('id', '=', group.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await recordGroups(tx, parameterGroupEvents.updated, [row]);
    const following = body.parameters === undefined ? [] : await this.#followers.lock(tx, group.id);
    for (const follower of following) await this.#follow(tx, principal, row, follower);
    const message =
      following.length === 0
        ? 'The parameter group was updated.'
        : `The parameter group was updated; ${following.length} of its instances follow.`;
    return {
      message,
      parameter_group: await this.#view(row),
      warnings: body.name === undefined ? [] : await warnOfName(tx, principal.team.id, row),
    };
  }

  /** Applies the changed group to an instance. One that is being deleted or has a problem gets it at its next start. */
  async #follow(tx: Tx, principal: TeamPrincipal, group: ParameterGroup, follower: Follower): Promise<void> {
    if (follower.isBeingDeleted) return;
    // Its own values stay even where the group now locks them, since they were allowed when they were set.
    const unlocked = { ...group, locked_parameters: [] };
    const { effective_parameters } = await resolveParameters(
      this.#plane,
      follower,
      unlocked,
      follower.parameters,
    );
    await this.#followers.set(tx, principal, follower.id, effective_parameters);
  }

  async #checkGroup(
    provider: Provider,
    family: string | null,
    input: Record<string, unknown>,
    lockedNames: readonly string[],
  ): Promise<{ parameters: Parameters; locked_parameters: string[] }> {
    const locked = [...new Set(lockedNames)];
    if (Object.keys(input).length === 0 && locked.length === 0)
      return { parameters: {}, locked_parameters: [] };
    const known = await knownParameters(this.#plane, provider, versionOf(provider, family));
    const parameters = checkParameters(input, { provider, known }, 'parameters');
    const unknown = locked.filter((name) => !known.some((parameter) => parameter.name === name));
    if (unknown.length > 0) {
      throw invalid({
        locked_parameters: unknown.map(
          (name) => `${provider.name} has no parameter ${JSON.stringify(name)}.`,
        ),
      });
    }
    return { parameters, locked_parameters: locked };
  }

  async remove(tx: Tx, principal: TeamPrincipal, id: number | null) {
    const group = await this.#lockOwn(tx, principal, id);
    // Instances that are being deleted need it no more, even if that takes a while.
    const followers = await this.#followers.lock(tx, group.id);
    const users = followers.filter(({ isBeingDeleted }) => !isBeingDeleted);
    if (users.length > 0) {
      const names = users.slice(0, 5).map(({ name }) => name);
      throw new AppError(
        'invalid_state',
        `The parameter group is in use by ${users.length} of your instances (${names.join(', ')}). Give them ` +
          'another one first.',
        { extra: { error: 'invalid_state', status: 'in_use' } },
      );
    }
    await this.#followers.release(
      tx,
      followers.map(({ id }) => id),
    );
    await tx.deleteFrom('parameter_groups').where('id', '=', group.id).execute();
    await releaseQuota(tx, principal.team.id, 'parameter_group');
    await recordGroups(tx, parameterGroupEvents.deleted, [group]);
    return { message: 'The parameter group was deleted.' };
  }
}

interface NewGroup {
  name: string;
  type: string;
  provider: string;
  family: string | null;
  description: string | null;
  parameters: Parameters;
  locked_parameters: string[];
  is_default: boolean;
}

/** A group for all versions is checked against the newest; an instance of another version checks it again. */
const versionOf = (provider: Provider, family: string | null): string =>
  family ?? provider.versions[0]!.version;

const isOffered = (provider: Provider, family: string): boolean =>
  provider.versions.some(({ version }) => version === family);

function assertOffered(provider: Provider, family: string | null): void {
  const versions = provider.versions.map(({ version }) => version);
  if (family === null || versions.includes(family)) return;
  throw invalid({
    family: [`${provider.name} ${family} is not offered here. Choose one of: ${versions.join(', ')}.`],
  });
}

const jsonColumns = (group: { parameters: object; locked_parameters: readonly string[] }) => ({
  parameters: JSON.stringify(group.parameters),
  locked_parameters: JSON.stringify(group.locked_parameters),
});

/** Another group was the default of these instances. */
async function unsetDefault(
  tx: Tx,
  teamId: number,
  { provider, family }: Pick<ParameterGroup, 'provider' | 'family'>,
  except: number | null = null,
): Promise<void> {
  const { rows } = await sql<ParameterGroup>`update parameter_groups set is_default = false
    where team_id = ${teamId} and provider = ${provider} and family is not distinct from ${family}
      and is_default and id is distinct from ${except} returning *`.execute(tx);
  await recordGroups(tx, parameterGroupEvents.updated, rows);
}

function viewGroup(group: ParameterGroup, restart: string[]) {
  return {
    id: group.id,
    name: group.name,
    type: group.type as 'database' | 'cache',
    provider_type: group.provider,
    family: group.family,
    description: group.description,
    parameters: group.parameters as Parameters,
    locked_parameters: group.locked_parameters as string[],
    restart_parameters: restart,
    team_id: group.team_id,
    is_default: group.is_default,
    is_active: group.is_active,
    is_system: group.team_id === null,
    created_at: group.created_at.toISOString(),
    updated_at: group.updated_at.toISOString(),
  };
}
