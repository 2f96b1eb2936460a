import { type Static, type TSchema, Type } from 'typebox';
import { Component, Int, List, Nullable, nameOf, Obj, Text } from './schema.ts';

/** Query parameters of every list. */
export const PageQuery = Obj({
  page: Type.Integer({
    format: 'int32',
    minimum: 1,
    maximum: 1_000_000,
    default: 1,
    example: 1,
    description:
      'Page to return, from 1. A page past the end is an empty list. With `after`, pages count from there.',
  }),
  per_page: Type.Integer({
    format: 'int32',
    minimum: 1,
    maximum: 100,
    default: 15,
    example: 15,
    description: 'Items on a page.',
  }),
});

export type PageQuery = Static<typeof PageQuery>;

export const Pagination = Component('Pagination', {
  current_page: Int(1, { minimum: 1 }),
  last_page: Int(1, { minimum: 1 }),
  per_page: Int(15, { minimum: 1, maximum: 100 }),
  total: Int(1),
  next_cursor: Nullable(
    Text(1100, '-created_at.1768469460123456.0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e', {
      description: 'Send it as `after` for the items that follow. Null if there are none.',
    }),
  ),
});

/** The response schema of a list of `items`, which are components. */
export const PageOf = <S extends TSchema>(items: S) =>
  Component(`${nameOf(items)}List`, { data: List(items, { maxItems: 100 }), pagination: Pagination });

/** Number of rows to skip for the requested page. */
export const offsetOf = (query: PageQuery): number => (query.page - 1) * query.per_page;

/** Wraps one page of items, the total and the cursor for what follows in the response of a list. */
export function pageOf<T>(
  data: T[],
  { total, next }: { total: number; next: string | null },
  query: PageQuery,
) {
  return {
    data,
    pagination: {
      current_page: query.page,
      last_page: Math.max(1, Math.ceil(total / query.per_page)),
      per_page: query.per_page,
      total,
      next_cursor: next,
    },
  };
}
