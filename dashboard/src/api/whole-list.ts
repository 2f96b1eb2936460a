import { answerOf } from './client.ts';

const PER_PAGE = 100;
/** Most of a list that are read. */
const LIMIT = 1000;

interface Query {
  per_page: number;
  after?: string;
}

interface Page<T> {
  data: T[];
  pagination: { next_cursor: string | null };
}

/** Reads a list to its end, or its newest thousand. `read` asks for the page that the query names. */
export async function wholeList<T>(
  read: (query: Query) => Parameters<typeof answerOf<Page<T>>>[0],
): Promise<T[]> {
  const all: T[] = [];
  let after: string | null = null;
  do {
    const query: Query = { per_page: PER_PAGE, ...(after === null ? {} : { after }) };
    const { data, pagination }: Page<T> = await answerOf(read(query));
    all.push(...data);
    after = pagination.next_cursor;
  } while (after !== null && all.length < LIMIT);
  return all;
}
