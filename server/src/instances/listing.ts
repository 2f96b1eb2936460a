import { type Expression, expressionBuilder, type SqlBool } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Queryable } from '../db/database.ts';
import type { DB } from '../db/schema.gen.ts';
import { PageQuery } from '../http/pagination.ts';
import { Enum, LineText, Obj } from '../http/schema.ts';
import { PATTERN_MESSAGE } from '../http/validation.ts';
import { countOf } from '../identity/teams/quotas.ts';

const UUID = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
/** Most ids that one request may ask for. */
const MAX_IDS = 100;

/** Query parameters of the lists of instances. `statuses`: those that instances of the kind can have. */
export const InstanceQuery = (statuses: readonly [string, ...string[]]) =>
  Obj({
    ...PageQuery.properties,
    name: Type.Optional(LineText(255, 'web-1', { description: 'Only instances with exactly this name.' })),
    status: Type.Optional(
      Enum(statuses, { example: 'running', description: 'Only instances with this status.' }),
    ),
    datacenter: Type.Optional(LineText(40, 'fsn1', { description: 'Only instances in this datacenter.' })),
    ids: Type.Optional(
      Type.String({
        maxLength: MAX_IDS * 37,
        pattern: `^${UUID}(,${UUID}){0,${MAX_IDS - 1}}$`,
        [PATTERN_MESSAGE]: `must be up to ${MAX_IDS} ids, separated by commas`,
        example: '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e',
        description: 'Only instances with these ids, separated by commas. Unknown ones are left out.',
      }),
    ),
    sort: Type.Optional(
      Enum(['-created_at', 'created_at', '-name', 'name'], {
        description: 'The order; `-` is descending. Newest first by default.',
      }),
    ),
  });

export type InstanceQuery = Static<ReturnType<typeof InstanceQuery>>;

/** The condition for instances of a kind that the query asks for. */
export function isWanted(teamId: number, kind: string, wanted: InstanceQuery): Expression<SqlBool> {
  const { name, status, datacenter, ids } = wanted;
  const eb = expressionBuilder<DB, 'instances'>();
  return eb.and([
    eb('instances.team_id', '=', teamId),
    eb('instances.kind', '=', kind),
    ...(name === undefined ? [] : [eb('instances.name', '=', name)]),
    ...(status === undefined ? [] : [eb('instances.status', '=', status)]),
    ...(datacenter === undefined ? [] : [eb('instances.datacenter', '=', datacenter)]),
    ...(ids === undefined ? [] : [eb('instances.id', 'in', ids.split(','))]),
  ]);
}

/** The order that the query asks for; instances of equal value are in that of their ids. */
export function orderOf({ sort = '-created_at' }: InstanceQuery) {
  return {
    column: sort.endsWith('name') ? 'instances.name' : 'instances.created_at',
    direction: sort.startsWith('-') ? 'desc' : 'asc',
  } as const;
}

/** How many instances of a kind the query asks for, on all pages. */
export async function countWanted(
  db: Queryable,
  teamId: number,
  kind: string,
  wanted: InstanceQuery,
): Promise<number> {
  const { page, per_page, sort, ...filters } = wanted;
  if (Object.keys(filters).length === 0) return countOf(db, teamId, kind);
  const { count } = await db
    .selectFrom('instances')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(isWanted(teamId, kind, wanted))
    .executeTakeFirstOrThrow();
  return count;
}
