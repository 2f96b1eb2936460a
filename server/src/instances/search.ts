import { isIP, isIPv4 } from 'node:net';
import { sql } from 'kysely';
import type { FurtherMatch, SearchPart, SearchTerm } from '../search/parts.ts';

/** How instances of a kind are found: by name, id and the addresses of their members. */
export const instanceSearch = (kind: string, noun: string): SearchPart => ({
  type: kind,
  noun,
  table: 'instances',
  id: { column: 'id', form: 'uuid' },
  name: 'name',
  status: 'status',
  only: sql`kind = ${kind}`,
  further: byAddress,
});

function byAddress({ text }: SearchTerm): FurtherMatch[] {
  const range = rangeOf(text);
  if (range === null) return [];
  const column = sql.ref(isIPv4(range[0]) ? 'ipv4' : 'ipv6');
  const [first, last] = range;
  return [
    {
      by: 'address',
      condition: sql`id in (select instance_id from members where ${column} between ${first}::inet and ${last}::inet)`,
    },
  ];
}

/** The addresses that begin with a text: `10.64.1.` are those of a /24. */
function rangeOf(text: string): [first: string, last: string] | null {
  if (isIP(text)) return [text, text];
  const match = /^(\d{1,3}(?:\.\d{1,3}){0,2})\.$/.exec(text);
  if (!match) return null;
  const octets = match[1]!.split('.');
  const filled = (fill: string) => [...octets, ...Array<string>(4 - octets.length).fill(fill)].join('.');
  return isIPv4(filled('0')) ? [filled('0'), filled('255')] : null;
}
