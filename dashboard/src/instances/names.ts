import { useQueries } from '@tanstack/react-query';
import { instancesQuery } from '../api/queries.ts';
import { KINDS } from './kinds.ts';

/** The names of the team's instances by id. Those that were deleted are not among them. */
export function useInstanceNames(): ReadonlyMap<string, string> {
  const lists = useQueries({ queries: KINDS.map((kind) => instancesQuery(kind)) });
  return new Map(lists.flatMap(({ data }) => (data?.items ?? []).map(({ id, name }) => [id, name])));
}
