import type { components } from '@danube/client/schema';
import { tokenText as text } from '../text/tokens.ts';
import { Badge } from '../ui/badge.tsx';
import type { Column } from '../ui/table.tsx';
import { Ago } from '../ui/time.tsx';

export type Token = components['schemas']['Token'];

/** What lists of tokens show of each; a click on the name opens its details. */
export const tokenColumns = (onOpen: (token: Token) => void): readonly Column<Token>[] => [
  {
    id: 'name',
    title: text.name,
    sort: ({ name }) => name,
    cell: (token) => (
      <button
        type="button"
        aria-label={text.details(token.name)}
        className="max-w-72 min-w-24 rounded text-left font-medium break-words hover:underline"
        onClick={() => onOpen(token)}
      >
        {token.name}
      </button>
    ),
  },
  {
    id: 'scopes',
    title: text.scopes,
    from: 'sm',
    cell: ({ scopes, unused_scopes }) => (
      <span className="whitespace-nowrap">
        {text.scopeCount(scopes.length)}
        {unused_scopes.length > 0 && (
          <span className="text-quiet"> · {text.unusedCount(unused_scopes.length)}</span>
        )}
      </span>
    ),
  },
  {
    id: 'used',
    title: text.lastUsed,
    from: 'md',
    sort: ({ last_used_at }) => last_used_at ?? '',
    cell: ({ last_used_at, last_used_ip }) =>
      last_used_at ? (
        <span className="whitespace-nowrap">
          <Ago at={last_used_at} /> <span className="text-quiet">· {last_used_ip}</span>
        </span>
      ) : (
        <span className="text-quiet">{text.neverUsed}</span>
      ),
  },
  {
    id: 'expires',
    title: text.expiry,
    from: 'sm',
    // Those that never do come last.
    sort: ({ expires_at }) => expires_at ?? '~',
    cell: ({ expires_at }) => <Expiry at={expires_at} />,
  },
];

function Expiry({ at }: { at: string | null }) {
  if (at === null) return <span className="text-quiet">{text.never}</span>;
  if (new Date(at).getTime() <= Date.now()) return <Badge tone="idle">{text.expired}</Badge>;
  return (
    <span className="whitespace-nowrap">
      <Ago at={at} />
    </span>
  );
}
