import { type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import { type TProperties, Type } from 'typebox';
import type { DB } from '../db/schema.gen.ts';
import { invalid } from '../lib/errors.ts';
import { UUID } from '../lib/ids.ts';
import { offsetOf, PageQuery } from './pagination.ts';
import { Enum, LineText, Obj } from './schema.ts';
import { PATTERN_MESSAGE } from './validation.ts';

/**
 * How every list is narrowed, ordered and paged. A cursor names the place of the last item in the order, so that
 * deletions and creations between two requests neither skip nor repeat anything.
 */

/** A list: which columns its query parameters mean. */
export interface Listing {
  id: { column: string; form: keyof typeof ID_FORMS };
  /** What orders by creation, a time or a whole number. */
  created: { value: RawBuilder<unknown>; form: 'time' | 'number' };
  name: string;
  status?: string;
  /** Further parameters and the columns that they are compared with. */
  filters?: Record<string, { column: string; form: 'text' | 'uuid' }>;
}

/** The parameters of a list, as `ListQuery` validates them; those of {@link Listing} `filters` are further members. */
export interface ListWanted {
  page: number;
  per_page: number;
  after?: string;
  name?: string;
  status?: string;
  ids?: string;
  sort?: Sort;
}

const SORTS = ['-created_at', 'created_at', '-name', 'name'] as const;
type Sort = (typeof SORTS)[number];

const ID_FORMS = {
  uuid: {
    pattern: '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
    length: 36,
    type: sql`uuid`,
    example: '0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e',
  },
  number: { pattern: '[1-9][0-9]{0,14}', length: 15, type: sql`bigint`, example: '12' },
} as const;

/** Most ids that one request may ask for. */
const MAX_IDS = 100;
/** Longest name in a cursor: 255 characters of UTF-8 in base64url. */
const MAX_NAME = 1020;

/** Query parameters of a list of `noun`. `statuses`: those that its items can have; `more`: further filters. */
export const ListQuery = <P extends TProperties = Record<never, never>>(
  noun: string,
  idForm: keyof typeof ID_FORMS,
  statuses: readonly [string, ...string[]] | null,
  more: P = {} as P,
) => {
  const { pattern, length, example } = ID_FORMS[idForm];
  const status = Type.Optional(
    Type.Unsafe<string>({
      type: 'string',
      enum: statuses ?? [],
      example: statuses?.at(-1),
      description: `Only ${noun} with this status.`,
    }),
  );
  return Obj({
    ...PageQuery.properties,
    after: Type.Optional(
      Type.String({
        maxLength: 20 + MAX_NAME + length,
        pattern: `^-?(created_at\\.[0-9]{1,16}|name\\.[A-Za-z0-9_-]{0,${MAX_NAME}})\\.${pattern}$`,
        [PATTERN_MESSAGE]: 'must be the pagination.next_cursor of an answer',
        example: `-created_at.1768469460123456.${example}`,
        description:
          '`pagination.next_cursor` of an answer: what follows its last item, in the same order. Unlike the next ' +
          '`page`, it skips and repeats nothing while items are created and deleted.',
      }),
    ),
    name: Type.Optional(LineText(255, 'web-1', { description: `Only ${noun} with exactly this name.` })),
    // Typed as optional everywhere, so that all lists have one type.
    ...(statuses === null ? ({} as { status: typeof status }) : { status }),
    ...more,
    ids: Type.Optional(
      Type.String({
        maxLength: MAX_IDS * (length + 1),
        pattern: `^${pattern}(,${pattern}){0,${MAX_IDS - 1}}$`,
        [PATTERN_MESSAGE]: `must be up to ${MAX_IDS} ids, separated by commas`,
        example,
        description: `Only ${noun} with these ids, separated by commas. Unknown ones are left out.`,
      }),
    ),
    sort: Type.Optional(
      Enum(SORTS, { description: 'The order; `-` is descending. Newest first by default.' }),
    ),
  });
};

/** A page of rows, the number of rows on all pages, and the cursor for what follows. */
export interface Listed<Row> {
  rows: Row[];
  total: number;
  next: string | null;
}

/**
 * Reads the page of `query`'s rows that is asked for. `countAll` counts them faster than the database could, where
 * nothing narrows the list. Throws `validation_failed` where `sort` is not that of the cursor.
 */
export async function readPage<T extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, T, Row>,
  list: Listing,
  wanted: ListWanted,
  countAll?: () => Promise<number>,
): Promise<Listed<Row>> {
  const [found, total] = await Promise.all([
    pageQuery(query, list, wanted).execute(),
    countAll !== undefined && conditions(list, wanted).length === 0
      ? countAll()
      : countRows(query, list, wanted),
  ]);
  const rows = found.slice(0, wanted.per_page);
  const last = found.length > rows.length ? rows.at(-1) : undefined;
  return { rows, total, next: last ? cursorOf(orderOf(list, wanted), last) : null };
}

/** The query of a page, with one row more, which tells whether anything follows. */
export function pageQuery<T extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, T, Row>,
  list: Listing,
  wanted: ListWanted,
) {
  const order = orderOf(list, wanted);
  const { place, direction, value, after } = order;
  const id = sql.ref(list.id.column);
  return narrowed(query, list, wanted)
    .select([place.as('list_place'), id.as('list_id')])
    .$if(after !== null, (all) =>
      all.where(sql<SqlBool>`(${value}, ${id}) ${sql.raw(direction === 'desc' ? '<' : '>')} (${after})`),
    )
    .orderBy(value, direction)
    .orderBy(id, direction)
    .limit(wanted.per_page + 1)
    .offset(offsetOf(wanted)) as unknown as SelectQueryBuilder<DB, T, Row & Place>;
}

async function countRows<T extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, T, Row>,
  list: Listing,
  wanted: ListWanted,
): Promise<number> {
  const counting = narrowed(query, list, wanted)
    .clearSelect()
    .select(sql<number>`count(*)`.as('count')) as unknown as SelectQueryBuilder<DB, T, { count: number }>;
  return (await counting.executeTakeFirstOrThrow()).count;
}

const narrowed = <T extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, T, Row>,
  list: Listing,
  wanted: ListWanted,
): SelectQueryBuilder<DB, T, Row> =>
  conditions(list, wanted).reduce((narrower, condition) => narrower.where(condition), query);

function conditions(list: Listing, wanted: ListWanted): RawBuilder<SqlBool>[] {
  const { name, status, ids } = wanted;
  const found: RawBuilder<SqlBool>[] = [];
  if (name !== undefined) found.push(sql`${sql.ref(list.name)} = ${name}`);
  if (status !== undefined && list.status) found.push(sql`${sql.ref(list.status)} = ${status}`);
  if (ids !== undefined) found.push(sql`${sql.ref(list.id.column)} in (${sql.join(ids.split(','))})`);
  for (const [parameter, { column, form }] of Object.entries(list.filters ?? {})) {
    const value = (wanted as unknown as Record<string, string | undefined>)[parameter];
    if (value === undefined) continue;
    // A malformed id names nothing.
    const isPossible = form === 'text' || UUID.test(value);
    found.push(isPossible ? sql`${sql.ref(column)} = ${value}` : sql`false`);
  }
  return found;
}

/** What a row's place in the order is written with. */
interface Place {
  list_place: string | number;
  list_id: string | number;
}

interface Order {
  sort: Sort;
  direction: 'asc' | 'desc';
  /** What the list is ordered by. */
  value: RawBuilder<unknown>;
  /** The same, as it stands in a cursor. */
  place: RawBuilder<string | number>;
  /** The value and id of the item before the first one that is wanted. */
  after: RawBuilder<unknown> | null;
}

const MICROSECONDS = 1_000_000;

function orderOf(list: Listing, wanted: ListWanted): Order {
  const cursor = wanted.after === undefined ? null : readCursor(wanted.after);
  const sort = wanted.sort ?? cursor?.sort ?? '-created_at';
  if (cursor && cursor.sort !== sort) {
    throw invalid({ sort: [`The cursor in after is of a list with sort=${cursor.sort}.`] });
  }
  const byName = sort.endsWith('name');
  const value = byName ? sql.ref(list.name) : list.created.value;
  const isTime = !byName && list.created.form === 'time';
  return {
    sort,
    direction: sort.startsWith('-') ? 'desc' : 'asc',
    value,
    place: isTime ? sql`(extract(epoch from ${value}) * ${sql.lit(MICROSECONDS)})::bigint` : sql`${value}`,
    after: cursor && sql`${placed(cursor, byName, isTime)}, ${cursor.id}::${ID_FORMS[list.id.form].type}`,
  };
}

function placed({ place }: { place: string }, byName: boolean, isTime: boolean): RawBuilder<unknown> {
  if (byName) return sql`${Buffer.from(place, 'base64url').toString().replaceAll('\0', '')}::text`;
  if (isTime) return sql`timestamptz 'epoch' + ${place}::float8 * interval '1 microsecond'`;
  return sql`${place}::bigint`;
}

const CURSOR = /^(?<sort>-?(?:created_at|name))\.(?<place>[^.]*)\.(?<id>[^.]*)$/;

function readCursor(text: string): { sort: Sort; place: string; id: string } {
  // The schema of the parameter admits nothing else.
  const { sort, place, id } = CURSOR.exec(text)!.groups as Record<'sort' | 'place' | 'id', string>;
  return { sort: sort as Sort, place, id };
}

function cursorOf({ sort }: Order, { list_place, list_id }: Place): string {
  const place = sort.endsWith('name') ? Buffer.from(String(list_place)).toString('base64url') : list_place;
  return `${sort}.${place}.${list_id}`;
}
